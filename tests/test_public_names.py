"""The library's face: lazy names that a data scientist types, and nothing loaded before it is used."""

from __future__ import annotations

import doctest
import importlib
import pkgutil
import warnings

import pytest

import facelab

MODULES = sorted(m.name for m in pkgutil.walk_packages(facelab.__path__, "facelab.") if not m.name.endswith("__main__"))


@pytest.mark.parametrize("name", facelab.__all__)
def test_every_public_name_is_there_and_says_what_it_is(name: str) -> None:
    value = getattr(facelab, name)
    assert name in dir(facelab)
    assert name == "__version__" or value.__doc__


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'treshold'"):
        _ = facelab.treshold


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_in_the_docstrings_hold(name: str) -> None:
    with warnings.catch_warnings():
        module = importlib.import_module(name)
    result = doctest.testmod(module)
    assert result.failed == 0


@pytest.mark.parametrize("name", MODULES)
def test_every_module_says_what_it_is(name: str) -> None:
    assert importlib.import_module(name).__doc__
