"""What an evaluation leaves for a site: card beside config, a signature where a key is named, the floor's own PPV."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import ClassVar

import pytest

from facelab.deploy import read_tuned
from facelab.deploy.checking import Finding
from facelab.deploy.events import event_id
from facelab.deploy.signature import new_keys, public_key, signer_of
from facelab.errors import BadInput
from facelab.experiments.exported import KEY_VARIABLE, findings_table, found_here, verdict_sentence
from facelab.experiments.floor_answers import NO_ANSWERS, answer_metrics, answered_sentences
from facelab.experiments.scenario import load_scenario
from facelab.experiments.study import Study, open_study
from facelab.experiments.workspace import write_json
from facelab.pipeline.packs.registry import SHIPPED
from facelab.report.site_answer import HEADINGS, Line, SiteAnswer


class _Pack:
    name, fingerprint, dimension, licence = "scrfd-mbf", "a" * 64, 512, "research"
    spec = SHIPPED["scrfd-mbf"].spec
    files: ClassVar = dict(spec.files)
    operational_use, restriction = False, "non-commercial research only"


@pytest.fixture
def ready(study: Study, monkeypatch: pytest.MonkeyPatch) -> Study:
    """A study that exports without a model, and without a key."""
    monkeypatch.setattr("facelab.experiments.tuned._trusted", lambda study: (24.0, None))
    monkeypatch.setitem(study.__dict__, "pack", _Pack())
    monkeypatch.delenv(KEY_VARIABLE, raising=False)
    return study


def test_the_card_stands_beside_the_config_and_says_its_threshold(ready: Study) -> None:
    config = ready.tuned()
    card, page = ready.workspace.card.read_text(), ready.workspace.card_page.read_text()
    assert f"**{config.threshold:.4f}**" in card
    assert "Evaluation only" in card
    assert f"{config.threshold:.4f}" in page
    assert page.startswith("<!doctype html>")


def _answered(ready: Study, threshold: float | None, **settings: object) -> Study:
    """The study as one of a site that was told to run at `threshold`."""
    site = {"kind": "gate", "sources": {}}
    scenario = ready.scenario.model_validate({**ready.scenario.model_dump(), "site": site, **settings})
    ready.scenario = scenario
    lines = tuple(Line(heading, f"{heading}: so.", "measured") for heading in HEADINGS)
    write_json(ready.workspace.site_answer, SiteAnswer("t", "q?", threshold, lines).to_dict())
    return ready


def test_a_site_exports_the_threshold_that_its_answer_names(ready: Study) -> None:
    plain = ready.tuned()
    found = _answered(ready, 0.37).tuned()
    assert (found.threshold, found.operating_point.origin) == (0.37, "site")
    expected = ready.halves.report.at(0.37)
    assert found.operating_point.fpir.errors == expected.fpir.errors
    assert "Threshold: so." in found.evidence.notes
    assert plain.threshold in [point.threshold for point in found.also_measured]


def test_an_answer_that_cannot_tell_or_is_overruled_leaves_the_choice_to_the_targets(ready: Study) -> None:
    plain = ready.tuned()
    assert _answered(ready, None).tuned().threshold == plain.threshold
    target = plain.operating_point.target_fpir
    assert _answered(ready, 0.37, export_target_fpir=target).tuned().threshold == plain.threshold


def test_an_evaluation_signs_where_a_key_is_named(
    ready: Study, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    private, public = new_keys(tmp_path / "keys", "ours")
    assert ready.tuned().signature is None
    monkeypatch.setenv(KEY_VARIABLE, str(private))
    config = ready.tuned()
    assert read_tuned(ready.workspace.tuned) == config
    assert signer_of(config, [public_key(public)]) is not None
    assert "signed by key" in ready.workspace.card.read_text()
    signature = next(one for one in found_here(ready, config) if one.check == "signature")
    assert signature.verdict == "holds"
    monkeypatch.setenv(KEY_VARIABLE, str(public))
    with pytest.raises(BadInput, match="private key"):
        ready.tuned()


def test_the_notebook_says_what_check_says_here(ready: Study) -> None:
    found = found_here(ready, ready.tuned())
    verdicts = {one.check: one.verdict for one in found}
    assert verdicts["signature"] == "cannot tell"
    assert verdicts["watchlist size"] == verdicts["cameras"] == verdicts["expiry"] == "holds"
    assert verdicts["use"] == "fails"
    assert "use" in verdict_sentence(found)
    assert "watchlist size" in findings_table(found).data
    assert verdict_sentence([Finding("expiry", "holds", "")]) == (
        "On this machine every check holds: the config may be run here."
    )
    assert "signature cannot be told" in verdict_sentence([Finding("signature", "cannot tell", "")])


def _answers(path: Path, threshold: float, *verdicts: str) -> Path:
    lines = []
    for k, verdict in enumerate(verdicts):
        moment = (datetime(2026, 11, 1, tzinfo=UTC) + timedelta(minutes=k)).isoformat()
        known = {"config": "c" * 64, "alert_time": moment, "camera": "gate", "track": f"gate/{k}", "subject": f"w{k}"}
        said = {"id": event_id(*known.values()), **known, "score": 0.5, "threshold": threshold, "verdict": verdict}
        lines.append(json.dumps(said | {"who": "olu", "time": moment}) + "\n")
    path.write_text("".join(lines))
    return path


def test_the_ppv_of_the_floor_stands_beside_the_expected_one(study: Study, tmp_path: Path) -> None:
    path = _answers(tmp_path / "answers.jsonl", 0.35, *["confirm"] * 3, *["dismiss"] * 9)
    answered = open_study("demo", overrides={"answers": str(path)})
    measured, expected, causes = answered_sentences(answered)
    assert "answered 12 alerts" in measured
    assert "25 % [" in measured
    assert "Expected at that threshold (0.3500)" in expected
    assert "agree" in expected
    assert "w3 (1 dismissed, 0 confirmed)" in causes
    assert answered_sentences(study) == (NO_ANSWERS,)


def test_a_run_has_the_ppv_of_the_floor_as_metrics(tmp_path: Path) -> None:
    path = _answers(tmp_path / "answers.jsonl", 0.35, *["confirm"] * 3, *["dismiss"] * 9)
    found = answer_metrics(path, 0.95)
    assert (found["answers/ppv"], found["answers/answered"], found["answers/confirmed"]) == (0.25, 12, 3)
    assert 0 <= (found["answers/ppv_low"] or 0) < 0.25 < (found["answers/ppv_high"] or 0)
    assert answer_metrics(None, 0.95) == {}
    assert answer_metrics(_answers(tmp_path / "none.jsonl", 0.35), 0.95) == {}


def test_answers_are_found_from_the_scenarios_own_folder(tmp_path: Path, root: Path) -> None:
    text = (root / "facelab" / "scenarios" / "demo.yml").read_text()
    (tmp_path / "site.yml").write_text(text + "\nanswers: floor/answers.jsonl\n")
    assert load_scenario(tmp_path / "site.yml").answers == tmp_path / "floor" / "answers.jsonl"
    assert load_scenario("demo").answers is None
