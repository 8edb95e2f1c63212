"""What a pack says of itself, and that its fingerprint covers all of it."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from facelab.pipeline.packs import registry
from facelab.pipeline.packs.spec import PackSpec


def _changed(spec: PackSpec, path: str, value) -> PackSpec:
    content = spec.model_dump()
    *parents, last = path.split(".")
    place = content
    for key in parents:
        place = place[key]
    assert place[last] != value
    place[last] = value
    return PackSpec.model_validate(content)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("licence", "MIT"),
        ("restriction", "research only"),
        ("detector_file.sha256", "0" * 64),
        ("detector_file.graph", "free_size"),
        ("detector.kind", "yunet"),
        ("detector.colour", "bgr"),
        ("detector.mean", 0.0),
        ("detector.scale", 1.0),
        ("detector.canvas", "trimmed"),
        ("recogniser_file.sha256", "0" * 64),
        ("recogniser.colour", "bgr"),
        ("recogniser.mean", 0.0),
        ("recogniser.scale", 1.0),
        ("recogniser.dimension", 128),
        ("recogniser.batch", 1),
    ],
)
def test_the_fingerprint_changes_with_all_that_the_use_depends_on(spec, path, value):
    assert _changed(spec, path, value).fingerprint != spec.fingerprint


@pytest.mark.parametrize(
    ("path", "value"),
    [("name", "other"), ("title", "other"), ("detector_file.file", "a.onnx"), ("recogniser_file.file", "b.onnx")],
)
def test_the_fingerprint_does_not_change_with_a_name(spec, path, value):
    assert _changed(spec, path, value).fingerprint == spec.fingerprint


def test_a_fingerprint_is_64_hexadecimal_digits_and_survives_json(spec):
    assert PackSpec.model_validate_json(spec.model_dump_json()).fingerprint == spec.fingerprint
    assert len(spec.fingerprint) == 64
    assert int(spec.fingerprint, 16) > 0


@pytest.mark.parametrize("file", ["../x.onnx", "a/b.onnx", "x.bin", "", ".onnx"])
def test_a_file_name_stays_in_its_folder(spec, file):
    with pytest.raises(ValidationError):
        _changed(spec, "detector_file.file", file)


def test_a_pack_must_say_whether_it_is_restricted(spec):
    """A forgotten statement is no permission."""
    content = spec.model_dump()
    del content["restriction"]
    with pytest.raises(ValidationError, match="restriction"):
        PackSpec.model_validate(content)


@pytest.mark.parametrize("name", list(registry.SHIPPED))
def test_every_file_of_a_shipped_pack_lies_in_one_of_its_wheels(name):
    entry = registry.SHIPPED[name]
    assert entry.spec.name == name
    for model in entry.spec.models:
        members = [wheel.members[model.sha256] for wheel in entry.wheels if model.sha256 in wheel.members]
        assert [member.rsplit("/", 1)[1] for member in members] == [model.file]
    assert all("==" in wheel.requirement for wheel in entry.wheels)


def test_only_yunet_and_sface_may_be_used_in_operation():
    assert [name for name, entry in registry.SHIPPED.items() if not entry.spec.restriction] == ["yunet-sface"]


def test_shipped_packs_do_not_share_a_fingerprint():
    assert len({entry.spec.fingerprint for entry in registry.SHIPPED.values()}) == len(registry.SHIPPED)
