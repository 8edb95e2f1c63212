"""A scenario from its file: what is read, what may be changed on the way in, and what is refused.

An argument that exists as a path is a path, else it is the name of one of facelab's own scenarios. Settings are
overridden by dotted names (``pipeline.detection.input_size``); what is misspelt is refused with the nearest right
name. YAML is read so that ``1e-4`` is a number (YAML 1.1 has it as a string). A relative path in a scenario file is
relative to that file, one in an override to the working directory.
"""

from __future__ import annotations

import difflib
import re
import types
import typing
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

import yaml
from pydantic import BaseModel, ValidationError

from facelab.config import Scenario
from facelab.errors import BadInput

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pydantic_core import ErrorDetails

M = TypeVar("M", bound=BaseModel)
SHIPPED = Path(__file__).parent.parent / "scenarios"
_PATHS = (("footage", "path"), ("footage", "truth"), ("watchlist", "path"))
_NUMBER = re.compile(r"^[-+]?(\d[\d_]*\.?[\d_]*|\.[\d_]+)([eE][-+]?\d+)?$")


class _Loader(yaml.SafeLoader):
    """YAML's safe loader that reads every number with an exponent as a number and refuses a key that stands twice."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """The mapping at `node`; a key that stands twice is refused, where YAML would keep the last."""
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        for key in keys:
            if keys.count(key) > 1:
                raise BadInput(f"{key!r} stands twice", place=f"line {node.start_mark.line + 1}")
        return super().construct_mapping(node, deep=deep)


_Loader.yaml_implicit_resolvers = {key: list(value) for key, value in yaml.SafeLoader.yaml_implicit_resolvers.items()}
for _first in "-+.0123456789":
    _Loader.yaml_implicit_resolvers.setdefault(_first, []).append(("tag:yaml.org,2002:float", _NUMBER))


def scenario_names() -> tuple[str, ...]:
    """The names of the scenarios that facelab ships, sorted."""
    return tuple(sorted(path.stem for path in SHIPPED.glob("*.yml")))


def scenario_path(name_or_path: str | Path) -> Path:
    """The file of a scenario: `name_or_path` where it exists as a path, else the shipped scenario of that name.

    Raises
    ------
    BadInput
        It is neither; the nearest name is told.
    """
    path = Path(name_or_path)
    if path.is_dir():
        raise BadInput("a scenario is a YAML file, this is a folder", place=str(path))
    if path.exists():
        return path
    shipped = SHIPPED / f"{name_or_path}.yml"
    if re.fullmatch(r"\w+", str(name_or_path)) and shipped.exists():
        return shipped
    near = _nearest(str(name_or_path), scenario_names())
    raise BadInput(
        f"{str(name_or_path)!r} is neither a file nor a scenario{near}; there are {_listed(scenario_names())}"
    )


def load_scenario(name_or_path: str | Path, overrides: Mapping[str, Any] | None = None) -> Scenario:
    """The scenario of that name or in that file, with `overrides` in force.

    Parameters
    ----------
    name_or_path : str or Path
        A YAML file, or the name of a shipped scenario (`scenario_names`).
    overrides : mapping of str to value, optional
        Values by dotted name, as in ``{"pipeline.tracking.method": "sort"}``.

    Raises
    ------
    BadInput
        There is no such scenario, it is not YAML, a key is unknown or a value has the wrong type or lies out of range.
    """
    path = scenario_path(name_or_path)
    return scenario_from(_read_yaml(path), overrides, place=str(name_or_path), folder=path.parent)


def scenario_from(
    values: Mapping[str, Any],
    overrides: Mapping[str, Any] | None = None,
    *,
    place: str = "scenario",
    folder: Path | None = None,
) -> Scenario:
    """The scenario that `values` describe; relative paths in them are relative to `folder`."""
    return settings_from(Scenario, overrides or {}, _anchored(dict(values), folder), place=place)


def settings_from(
    model: type[M], overrides: Mapping[str, Any], values: Mapping[str, Any] | None = None, *, place: str = "settings"
) -> M:
    """The settings of kind `model` that `values` describe, with `overrides` (by dotted name) in force.

    An override that is a text is read as YAML, unless the setting is a text itself.

    Raises
    ------
    BadInput
        A name is unknown (the nearest right one is told), or a value has the wrong type or lies out of range.
    """
    settings = dict(values or {})
    for name, value in overrides.items():
        _put(settings, tuple(name.split(".")), yaml_value(value) if isinstance(value, str) else value, place=place)
    try:
        return model.model_validate(settings)
    except ValidationError as error:
        # a text such as 2026 or no was meant as a text where the setting is one
        texts = [_plain_name(e["loc"], model) for e in error.errors() if e["type"] in ("string_type", "literal_error")]
    for name in set(texts) & {name for name, value in overrides.items() if isinstance(value, str)}:
        _put(settings, tuple(name.split(".")), overrides[name], place=place)
    try:
        return model.model_validate(settings)
    except ValidationError as error:
        raise problem(error, model, place) from None


def parse_overrides(pairs: Iterable[str]) -> dict[str, str]:
    """``name=value`` texts as a mapping; the value is everything behind the first ``=``.

    >>> parse_overrides(["pack=edgeface", "targets_fpir=[0.1, 1e-2]"])
    {'pack': 'edgeface', 'targets_fpir': '[0.1, 1e-2]'}
    """
    overrides: dict[str, str] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        name = name.strip()
        if not equals or not name:
            raise BadInput(f"a setting is given as name=value, this is {pair!r}", place="-p")
        if name in overrides:
            raise BadInput("the setting is given twice", place=f"-p {name}")
        overrides[name] = value.strip()
    return overrides


def yaml_value(text: str) -> Any:
    """The value that `text` has in YAML, ``1e-4`` as a number; a text that is no YAML is itself."""
    try:
        return yaml.load(text, Loader=_Loader)
    except yaml.YAMLError:
        return text


def problem(error: ValidationError, model: type[BaseModel], place: str) -> BadInput:
    """What pydantic refuses, as one line that names the setting and, where a key is unknown, the nearest right one."""
    details = error.errors()
    first = next((e for e in details if e["type"] == "extra_forbidden"), details[0])
    more = f" (and {len(details) - 1} more)" if len(details) > 1 else ""
    return BadInput(_explained(first, model) + more, place=place)


def _read_yaml(path: Path) -> dict[str, Any]:
    try:
        values = yaml.load(path.read_text(encoding="utf-8-sig"), Loader=_Loader)
    except BadInput as error:
        raise BadInput(str(error), place=str(path)) from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = "" if mark is None else f", line {mark.line + 1}"
        raise BadInput(
            f"not YAML: {getattr(error, 'problem', None) or 'cannot be read'}", place=f"{path}{line}"
        ) from None
    except UnicodeDecodeError:
        raise BadInput("the file is not UTF-8 text", place=str(path)) from None
    except RecursionError:
        raise BadInput("the file is nested too deeply", place=str(path)) from None
    if not isinstance(values, dict):
        raise BadInput("a scenario is a mapping of settings; the file holds none", place=str(path))
    return cast("dict[str, Any]", {str(key): value for key, value in values.items()})


def _anchored(settings: dict[str, Any], folder: Path | None) -> dict[str, Any]:
    """`settings` with the relative paths of files made absolute, from `folder`; addresses and devices stay."""
    for section, key in _PATHS:
        part = settings.get(section)
        text = part.get(key) if isinstance(part, dict) else None
        if folder is None or not isinstance(text, str) or "://" in text or text.isdigit() or Path(text).is_absolute():
            continue
        settings[section] = {**cast("dict[str, Any]", part), key: str((folder / text).resolve())}
    answers = settings.get("answers")
    if folder is not None and isinstance(answers, str):
        settings["answers"] = str((folder / answers).resolve())
    return settings


def _put(settings: dict[str, Any], keys: tuple[str, ...], value: Any, *, place: str) -> None:
    """Set the value at the dotted name `keys`; the sections on the way are copied, or made where they are missing."""
    for key in keys[:-1]:
        inner = settings.get(key, {})
        if not isinstance(inner, dict):
            raise BadInput(f"{key!r} has no settings below it", place=place)
        settings[key] = dict(inner)
        settings = settings[key]
    settings[keys[-1]] = value


def _plain_name(loc: tuple[int | str, ...], model: type[BaseModel]) -> str:
    """The dotted name of a place in pydantic's words, without the tags of unions."""
    models: list[type[BaseModel]] = [model]
    kept: list[str] = []
    for part in loc:
        if _is_kind(models, part):
            models = [m for m in models if part in _kinds(m)]
            continue
        kept.append(str(part))
        models = _below(models, part)
    return ".".join(kept)


def _explained(error: ErrorDetails, model: type[BaseModel]) -> str:
    """One error of pydantic in words."""
    name = _plain_name(error["loc"], model) or "it"
    if error["type"] == "extra_forbidden":
        last = str(error["loc"][-1])
        known = sorted({field for m in _models_at(error["loc"][:-1], model) for field in m.model_fields})
        return f"there is no setting {name!r}{_nearest(last, known)}; there are {_listed(known)}"
    if error["type"] == "missing":
        return f"the setting {name!r} is missing"
    message = error["msg"][:1].lower() + error["msg"][1:]
    value = error["input"]
    return f"{name}: {message}" + ("" if isinstance(value, (dict, BaseModel)) else f", it is {value!r}")


def _models_at(loc: tuple[int | str, ...], model: type[BaseModel]) -> list[type[BaseModel]]:
    """The models that may stand at a place in pydantic's words."""
    models: list[type[BaseModel]] = [model]
    for part in loc:
        models = [m for m in models if part in _kinds(m)] if _is_kind(models, part) else _below(models, part)
    return models


def _below(models: list[type[BaseModel]], part: int | str) -> list[type[BaseModel]]:
    """The models that may stand in the field `part` of `models`."""
    found: list[type[BaseModel]] = []
    for model in models:
        field = model.model_fields.get(str(part))
        if field is not None:
            found.extend(_models_in(field.annotation))
    return found


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    if typing.get_origin(annotation) in (typing.Union, types.UnionType, typing.Annotated):
        return [model for arm in typing.get_args(annotation) for model in _models_in(arm)]
    return []


def _kinds(model: type[BaseModel]) -> tuple[Any, ...]:
    field = model.model_fields.get("kind")
    return () if field is None else typing.get_args(field.annotation)


def _is_kind(models: list[type[BaseModel]], part: int | str) -> bool:
    return len(models) > 1 and any(part in _kinds(model) for model in models)


def _nearest(word: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f", did you mean {near[0]!r}?" if near else ""


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names)
