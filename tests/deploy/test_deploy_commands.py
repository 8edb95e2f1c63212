"""What a deployment types: exit codes, one clear line for what is wrong, and a watching that ends cleanly."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import cv2
import pytest
import toy_commands
from filelock import FileLock
from typer.testing import CliRunner, Result

from facelab.cli import app as cli
from facelab.config import PipelineSettings
from facelab.deploy import TunedConfig, read_tuned, write_tuned
from facelab.deploy.signature import config_id
from facelab.gallery import new_vault, new_vault_key, vault_key
from facelab.pipeline import tables

THRESHOLD = 0.99


@pytest.fixture(autouse=True)
def _toys(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("facelab.pipeline.packs.load_pack", toy_commands.pack)
    monkeypatch.setenv("FACELAB_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("FACELAB_WATCHLIST_KEY", raising=False)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def tuned(config: TunedConfig, tmp_path: Path) -> Path:
    """A config that has not expired, in a file."""
    now = datetime.now(UTC).replace(microsecond=0) - timedelta(days=1)
    point = config.operating_point.model_copy(update={"threshold": THRESHOLD})
    validity = config.validity.model_copy(update={"expires": now + timedelta(days=90)})
    changes = {"threshold": THRESHOLD, "operating_point": point, "pipeline": PipelineSettings()}
    path = tmp_path / "tuned.json"
    write_tuned(path, config.model_copy(update={**changes, "created": now, "validity": validity}))
    return path


@pytest.fixture
def watchlist(tmp_path: Path) -> Path:
    path = tmp_path / "gallery.parquet"
    tables.write_gallery(path, toy_commands.gallery("ann", "cy"))
    return path


def told(*arguments: Any) -> Result:
    return CliRunner().invoke(cli.app, [str(argument) for argument in arguments])


def refused(result: Result, *words: str) -> None:
    """One line, exit code 12."""
    assert result.exit_code == 12, result.output
    assert result.stdout == ""
    assert result.stderr.count("\n") == 1
    for word in words:
        assert word in result.stderr


def verdicts(result: Result) -> dict[str, str]:
    return {one["check"]: one["verdict"] for one in json.loads(result.stdout)["findings"]}


def operational(tuned: Path) -> None:
    """The same config as if it came of real evidence."""
    config = read_tuned(tuned)
    real = config.evidence.model_copy(update={"kind": "real"})
    use = config.use.model_copy(update={"status": "operational", "restriction_accepted": True})
    write_tuned(tuned, config.model_copy(update={"evidence": real, "use": use}))


def test_a_config_is_made_signed_checked_and_refused_once_it_was_edited(tuned: Path, tmp_path: Path) -> None:
    operational(tuned)
    keys = json.loads(told("keys", "ours", "--folder", tmp_path / "k", "--json").stdout)
    assert told("check", tuned, "--json").exit_code in (11, 12)
    assert verdicts(told("check", tuned, "--json"))["signature"] == "cannot tell"
    done = json.loads(told("sign", tuned, "--key", keys["private"], "--json").stdout)
    assert done == {"config": config_id(read_tuned(tuned)), "key": keys["key"]}
    good = told("check", tuned, "--key", keys["public"], "--enrolled", 40, "--camera", "gate", "--json")
    found = verdicts(good)
    models = found.pop("model files")  # cannot tell where they were never fetched
    assert set(found.values()) == {"holds"}
    assert good.exit_code == (0 if models == "holds" else 11)
    larger = told("check", tuned, "--key", keys["public"], "--enrolled", 400, "--json")
    assert (larger.exit_code, verdicts(larger)["watchlist size"]) == (12, "fails")
    tuned.write_text(tuned.read_text().replace('"title": "a terminal"', '"title": "another"'))
    edited = told("check", tuned, "--key", keys["public"], "--json")
    assert (edited.exit_code, verdicts(edited)["signature"]) == (12, "fails")
    assert "changed since" in told("check", tuned, "--key", keys["public"]).stdout
    refused(told("keys", "ours", "--folder", tmp_path / "k"), "never overwritten")
    refused(told("sign", tuned, "--key", keys["public"]), "private key")
    refused(told("check", tuned, "--key", keys["private"]), "holds a private key")


def test_a_clock_that_was_set_back_is_told(tuned: Path, tmp_path: Path) -> None:
    (tmp_path / "cache").mkdir()
    latest = tmp_path / "cache" / "latest-time"
    latest.write_text((datetime.now(UTC) + timedelta(days=30)).isoformat())
    found = told("check", tuned, "--json")
    assert (found.exit_code, verdicts(found)["clock"]) == (12, "fails")
    assert str(latest) in found.stdout


def test_a_card_is_words_or_a_page(tuned: Path, tmp_path: Path) -> None:
    assert told("card", tuned).stdout.startswith("# a terminal")
    assert told("card", tuned, "-o", tmp_path / "deep" / "card.html").exit_code == 0
    assert (tmp_path / "deep" / "card.html").read_text().startswith("<!doctype html>")
    assert "# a terminal" in json.loads(told("card", tuned, "--json").stdout)["markdown"]


def test_a_threshold_is_converted_for_the_same_recogniser_and_for_no_other(tuned: Path, tmp_path: Path) -> None:
    found = told("convert", tuned, "--to", "insightface-server", "--model", "buffalo_sc", "--json")
    assert json.loads(found.stdout)["value"] == THRESHOLD
    refused(told("convert", tuned, "--to", "insightface-server", "--model", "buffalo_l"), "another recogniser")
    refused(told("convert", tuned, "--to", "insightface-server"), "say which model")
    refused(told("convert", tuned, "--to", "frigate", "--model", "large"), "give it (--recogniser)")
    refused(told("convert", tuned, "--to", "nonsense"), "insightface-server")
    (tmp_path / "other.onnx").write_bytes(b"another model")
    refused(told("convert", tuned, "--to", "frigate", "--recogniser", tmp_path / "other.onnx"), "is another model")
    assert "not measured" in told("convert", tuned, "--to", "insightface-server", "--model", "buffalo_sc").stderr


def test_a_bundle_is_never_written_over_something(tuned: Path, tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    refused_ = told("bundle", tuned, tmp_path / "there")
    assert refused_.exit_code == 12
    assert "is there already" in refused_.stderr


def test_a_replay_gives_the_alerts_of_the_footage(tuned: Path, watchlist: Path, tmp_path: Path) -> None:
    manifest = toy_commands.footage(tmp_path / "f")
    found = told("replay", tuned, manifest, "--watchlist", watchlist, "--out", tmp_path / "a.csv", "--json")
    assert found.exit_code == 0, found.output
    said = json.loads(found.stdout)
    assert [alert["alleged"] for alert in said["alerts"]] == ["ann", "cy"]
    assert said["judged"] is False, "nobody is known in this footage"
    assert "false" not in said["alerts"][0]
    assert said["rates"] == {}
    assert (tmp_path / "a.csv").read_text().startswith("camera,")


def test_watch_writes_a_json_line_an_alert_and_words_elsewhere(tuned: Path, watchlist: Path, tmp_path: Path) -> None:
    manifest = toy_commands.footage(tmp_path / "f")
    found = told("watch", tuned, manifest, "--watchlist", watchlist)
    assert found.exit_code == 0, found.output
    events = [json.loads(line) for line in found.stdout.splitlines()]
    assert [(event["subject"], event["camera"]) for event in events] == [("ann", "gate"), ("cy", "gate")]
    assert events[0]["config"] == config_id(read_tuned(tuned))
    assert "crop" not in events[0]
    assert "warning: use: fails" in found.stderr
    assert "gate: 60 frames, none dropped" in found.stderr
    crops = told("watch", tuned, manifest, "--watchlist", watchlist, "--crop").stdout
    assert "crop" in json.loads(crops.splitlines()[0])


def test_watch_refuses_what_does_not_belong_together(tuned: Path, watchlist: Path, tmp_path: Path) -> None:
    manifest = toy_commands.footage(tmp_path / "f", 5)
    foreign = tmp_path / "foreign.parquet"
    tables.write_gallery(foreign, toy_commands.gallery("ann", pack="b" * 64))
    refused(told("watch", tuned, manifest, "--watchlist", foreign), "watchlist's pack", "not the one that was measured")
    refused(told("watch", tuned, manifest, "--watchlist", watchlist, "--strict"), "is not run: use: fails")
    keys = json.loads(told("keys", "ours", "--json").stdout)
    refused(told("watch", tuned, manifest, "--watchlist", watchlist, "--key", keys["public"]), "nobody signed it")
    refused(told("watch", tuned, manifest, manifest, "--watchlist", watchlist), "same camera's name")
    (tmp_path / "spool").mkdir()
    with FileLock(tmp_path / "spool" / ".lock"):
        used = told(
            "watch", tuned, manifest, "--watchlist", watchlist,
            "--webhook", "http://127.0.0.1:9/", "--spool", tmp_path / "spool",
        )  # fmt: skip
    assert used.exit_code == 12
    assert "another watch uses this spool" in used.stderr
    assert told("watch", tuned, manifest, "--watchlist", watchlist, "--webhook", "file:///etc/x").exit_code == 12


def test_a_watching_that_is_told_to_end_decides_the_tracks_under_way(
    tuned: Path, watchlist: Path, tmp_path: Path
) -> None:
    """SIGTERM while ann walks: one alert of her, exit code 0."""
    manifest = toy_commands.footage(tmp_path / "f")
    program = [sys.executable, toy_commands.__file__, "0.1", "watch", str(tuned), str(manifest)]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    errors = tmp_path / "errors.txt"
    with (
        errors.open("w") as file,
        subprocess.Popen(
            [*program, "--watchlist", str(watchlist), "--realtime"],
            stdout=subprocess.PIPE,
            stderr=file,
            env=environment,
        ) as process,
    ):
        end = time.monotonic() + 60
        while "expected" not in errors.read_text() and "nobody can say" not in errors.read_text():
            assert time.monotonic() < end, errors.read_text()
            time.sleep(0.05)
        time.sleep(1.5)
        process.send_signal(signal.SIGTERM)
        out, _ = process.communicate(timeout=60)
    assert process.returncode == 0, errors.read_text()
    assert [json.loads(line)["subject"] for line in out.splitlines()] == ["ann"]
    frames = int(errors.read_text().split("gate: ")[-1].split(" frames")[0])
    assert 0 < frames < 60


def test_a_watchlist_at_rest_is_kept_listed_searched_exported_and_logged(tuned: Path, tmp_path: Path) -> None:
    key = told("watchlist", "key", tmp_path / "list.key").stdout.strip()
    refused(told("watchlist", "key", key), "never overwritten")
    vault = tmp_path / "vault"
    people = new_vault(vault, vault_key(Path(key)), pack=toy_commands.FINGERPRINT, dimension=4)
    until = datetime.now(UTC) + timedelta(seconds=1)
    people.enrol(toy_commands.gallery("ann", "cy"))
    people.enrol(toy_commands.gallery("bob"), retain_until=until)
    listed = json.loads(told("watchlist", "list", vault, "--key-file", key, "--json").stdout)
    assert [entry["subject"] for entry in listed] == ["ann", "bob", "cy"]
    manifest = toy_commands.footage(tmp_path / "f")
    seen = told("watch", tuned, manifest, "--watchlist", vault, "--key-file", key)
    assert [json.loads(line)["subject"] for line in seen.stdout.splitlines()] == ["ann", "cy"]
    while datetime.now(UTC) < until:
        time.sleep(0.05)
    assert json.loads(told("purge", vault, "--key-file", key, "--json").stdout) == {"removed": ["bob"]}
    assert json.loads(told("watchlist", "remove", vault, "cy", "--key-file", key, "--json").stdout) == {"removed": 1}
    refused(told("watchlist", "remove", vault, "cy", "--key-file", key), "is not enrolled")
    out = tmp_path / "clear.parquet"
    assert told("watchlist", "export", vault, "--out", out, "--key-file", key).exit_code == 0
    assert tables.read_gallery(out).enrolled.tolist() == ["ann"]
    log = json.loads(told("watchlist", "log", vault, "--json").stdout)
    assert [record["action"] for record in log["records"]] == [
        "create", "enrol", "enrol", "search", "purge", "remove", "export",
    ]  # fmt: skip
    assert told("watchlist", "log", vault, "--at-least", 7, "--log-key", log["log_key"]).exit_code == 0
    refused(told("watchlist", "log", vault, "--at-least", 8), "an older state was put back")
    refused(told("watchlist", "log", vault, "--log-key", "0" * 64), "another key for its log")
    (vault / "audit.jsonl").write_text("".join((vault / "audit.jsonl").read_text().splitlines(keepends=True)[:-1]))
    refused(told("watchlist", "log", vault), "cut short")


def test_people_are_enrolled_from_photographs_with_a_date_and_nobody_twice(tmp_path: Path) -> None:
    """Pictures of the toy people; the third shows nobody."""
    for name, number in (("ann", 5), ("cy", 45), ("nobody", 35)):
        place = tmp_path / "photographs" / name
        place.mkdir(parents=True)
        shown = toy_commands.SEEN.get(number, [])
        cv2.imwrite(str(place / "1.png"), toy_commands.picture(number, shown))
    key = told("watchlist", "key", tmp_path / "key", "--json")
    named = ("--key-file", json.loads(key.stdout)["path"])
    enrolled = told("watchlist", "enrol", "vault", tmp_path / "photographs", *named, "--retain-days", 30, "--json")
    assert enrolled.exit_code == 0, enrolled.output
    said = json.loads(enrolled.stdout)
    assert (said["enrolled"], said["without_template"]) == (3, 1), "who gave no template is listed, and told"
    until = datetime.fromisoformat(said["retain_until"])
    assert timedelta(days=29) < until - datetime.now(UTC) <= timedelta(days=30)
    listed = json.loads(told("watchlist", "list", "vault", *named, "--json").stdout)
    assert [entry["subject"] for entry in listed] == ["ann", "cy", "nobody"]
    refused(told("watchlist", "enrol", "vault", tmp_path / "photographs", *named), "ann", "already")
    again = told("watchlist", "enrol", "vault", tmp_path / "photographs", *named, "--replace", "--json")
    assert json.loads(again.stdout) == {"enrolled": 3, "without_template": 1, "retain_until": None}


def test_a_wrong_key_and_a_watchlist_under_another_key_are_refused(tuned: Path, tmp_path: Path) -> None:
    ours, theirs = new_vault_key(tmp_path / "a.key"), new_vault_key(tmp_path / "b.key")
    vault = tmp_path / "vault"
    new_vault(vault, vault_key(ours), pack=toy_commands.FINGERPRINT, dimension=4)
    manifest = toy_commands.footage(tmp_path / "f", 3)
    for command in (("watchlist", "list", vault), ("purge", vault), ("watch", tuned, manifest, "--watchlist", vault)):
        refused(told(*command, "--key-file", theirs), "is under another key")
        refused(told(*command), "no key")
    ours.chmod(0o644)
    refused(told("watchlist", "list", vault, "--key-file", ours), "chmod 600")
    ours.chmod(0o600)
    ours.write_text("not a key")
    refused(told("watchlist", "list", vault, "--key-file", ours), "64 hexadecimal digits")
