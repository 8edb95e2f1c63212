"""Fuzz every reader of files: a million broken inputs, and no end but a result or a documented error.

    python benchmarks/fuzz.py [--inputs 1000000] [--target NAME]

Hypothesis draws the seeds and how hard to break; each example breaks a valid file in many ways (bytes flipped, cut,
doubled, moved; a value of JSON or YAML exchanged for a hostile one). A reader may return or raise one of facelab's own
errors; anything else, warnings included, is printed with the input in hexadecimal digits, and the exit code is 1.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sys
import tempfile
import time
import warnings
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from facelab.errors import FacelabError

if TYPE_CHECKING:
    from collections.abc import Callable

A_BATCH = 25
HOSTILE = [
    None, True, False, 0, -1, 1, 2**63, -(2**63), 10**40, 0.0, -0.0, 1e308, -1e308, 1e-320, 0.5, "", " ", "a", "0",
    "nan", "inf", "../x", "/etc/passwd", "\u0000", "\u202e", "x" * 5000, [], {}, [[]], {"": {}}, [None],
    "2026-11-01T00:00:00",
    "9999-12-31T23:59:59Z", "0001-01-01T00:00:00+14:00", "1e400", "=1+1", "'", '"', "\n", ",", "%s%n", "${x}", "a" * 64,
]  # fmt: skip


def broken_bytes(content: bytes, chance: random.Random) -> bytes:
    """`content` after one to four accidents of bytes."""
    found = bytearray(content)
    for _ in range(chance.randint(1, 4)):
        at, kind = chance.randint(0, len(found)), chance.randrange(7)
        end = min(len(found), at + chance.choice((1, 2, 4, 8, 64, 1024)))
        if kind == 0 and at < len(found):
            found[at] ^= 1 << chance.randrange(8)
        elif kind == 1:
            del found[at:]
        elif kind == 2:
            del found[at:end]
        elif kind == 3:
            found[at:at] = found[at:end]
        elif kind == 4:
            found[at:end] = bytes(chance.randrange(256) for _ in range(end - at))
        elif kind == 5:
            found[at:at] = chance.choice(
                (b"\x00", b"\xff\xfe", b"[" * 200, b'"', b",", b"\n", b"-1", b"9" * 400, b"\r", b": ")
            )
        else:
            other = chance.randint(0, len(found))
            found[at:end], found[other : other + end - at] = found[other : other + end - at], found[at:end]
    return bytes(found)


def broken_value(value: Any, chance: random.Random) -> Any:
    """`value` (what JSON can hold) with one part exchanged, left out or added."""
    if isinstance(value, dict) and value and chance.random() < 0.85:
        key = chance.choice(list(value))
        rest = {**value}
        if chance.random() < 0.06:
            del rest[key]
        elif chance.random() < 0.06:
            rest[chance.choice([str(h) for h in HOSTILE])] = rest[key]
        else:
            rest[key] = broken_value(value[key], chance)
        return rest
    if isinstance(value, list) and value and chance.random() < 0.85:
        at = chance.randrange(len(value))
        return [*value[:at], broken_value(value[at], chance), *value[at + 1 :]]
    return chance.choice(HOSTILE)


def _json(value: Any, chance: random.Random) -> bytes:
    return json.dumps(broken_value(value, chance)).encode("utf-8", "surrogatepass")


def _yaml(value: Any, chance: random.Random) -> bytes:
    import yaml

    return yaml.safe_dump(broken_value(value, chance)).encode("utf-8", "surrogatepass")


def _config() -> tuple[bytes, Callable[[Path], object]]:
    """A tuned config, made by the library from simulated scores."""
    from datetime import UTC, datetime

    from facelab.config import PipelineSettings, Quality
    from facelab.deploy import TunedConfig, read_tuned
    from facelab.deploy.export import exported_point, point_record, validity_record
    from facelab.deploy.records import SYNTHETIC, EvidenceRecord, MatchingRecord, PackRecord, UseRecord
    from facelab.pipeline.packs.registry import SHIPPED
    from facelab.stats.openset import open_set_curve
    from facelab.stats.points import operating_points
    from facelab.types import Comparisons

    rng = np.random.default_rng(3)
    score = rng.normal(0.1, 0.08, (60, 10))
    subject = [f"w{i}" for i in range(10)] + [f"u{i}" for i in range(50)]
    curve = open_set_curve(
        Comparisons(score, [f"p{i}" for i in range(60)], subject, subject[:10], subject[:10], subject[:10])
    )
    point = exported_point(operating_points(curve, curve, (0.1,), []))
    spec, created = SHIPPED["scrfd-mbf"].spec, datetime(2026, 11, 1, tzinfo=UTC)
    config = TunedConfig(
        created=created,
        title="fuzzed",
        threshold=point.threshold,
        use=UseRecord(status="evaluation only", reason=SYNTHETIC),
        operating_point=point_record(point, "target", 0.95),
        validity=validity_record(10, ["gate"], Quality(), created, days=9),
        pack=PackRecord(
            name="p", fingerprint=spec.fingerprint, files=spec.files, dimension=512, licence="l", operational_use=False
        ),
        pipeline=PipelineSettings(),
        matching=MatchingRecord(enrolled=10, references=10),
        evidence=EvidenceRecord(
            kind="synthetic", statement=SYNTHETIC, scenario="s", footage="f", footage_digest=None,
            watchlist_digest="d" * 64, cameras=("gate",), chosen_on={}, reported_on={},
            select_share=0.5, split_seed=1, facelab="0",
        ),
    )  # fmt: skip
    return config.model_dump_json().encode(), read_tuned


def _templates() -> tuple[bytes, Callable[[Path], object]]:
    from facelab.pipeline import tables
    from facelab.types import Templates

    rng = np.random.default_rng(1)
    vectors = rng.normal(size=(4, 8)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    names = np.array(["a", "b", "c", "d"])
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "t.parquet"
        tables.write_templates(path, Templates(names, names, vectors, np.ones(4), np.ones(4, np.int64), "a" * 64))
        return path.read_bytes(), tables.read_templates


def _targets() -> dict[str, tuple[str, bytes, Callable[[Path], object], Callable[[Any, random.Random], bytes] | None]]:
    """Each reader: the file's ending, a valid file, the reader, and how its values are exchanged (None: bytes only)."""
    from facelab.data.manifest import read_manifest
    from facelab.data.truth import read_truth
    from facelab.experiments.scenario import load_scenario, scenario_path
    from facelab.gallery.sealed import read_header
    from facelab.stats.scorefile import read_candidates, read_scores

    config, read_config = _config()
    templates, read_templates = _templates()
    scenario = scenario_path("demo")
    scores = b"score,mated,probe_subject,reference_subject\n" + b"".join(
        f"{i / 10},{int(i < 3)},s{i},s{i % 3}\n".encode() for i in range(9)
    )
    plain = b"score,mated\n" + b"".join(f"{i / 10},{i % 2}\n".encode() for i in range(12))
    listed = b"probe_id,probe_subject,reference_subject,score\n" + b"".join(
        f"p{i},s{i},s{j},{0.9 - j / 10}\n".encode() for i in range(4) for j in range(3)
    )
    manifest = json.dumps(
        {
            "name": "n",
            "synthetic": True,
            "clips": [{"file": "a", "camera": "gate", "start_s": 1.5, "fps": 9.5}],
        }
    ).encode()
    truth = b"camera,frame,passage_id,subject_id,x1,y1,x2,y2\ngate,0,p,s,1,2,30,40\ngate,1,p,s,1,2,30,40\n"
    header = json.dumps(
        {"schema_version": 1, "vault_id": "v", "pack": "p", "dimension": 8, "key_id": "k", "log_key": "0" * 64}
    ).encode()
    return {
        "config": (".json", config, read_config, _json),
        "manifest (CSV)": (
            ".csv",
            b"file,camera,start_s,fps,subject_id\na,gate,1.5,10,s\nb,hall,2,9,t\n",
            read_manifest,
            None,
        ),
        "manifest (YAML)": (".yaml", manifest, read_manifest, _yaml),
        "truth": (".csv", truth, read_truth, None),
        "scores": (".csv", plain, read_scores, None),
        "scores of pairs": (".csv", scores, read_scores, None),
        "candidate lists": (".csv", listed, read_candidates, None),
        "templates": (".parquet", templates, read_templates, None),
        "scenario": (".yaml", scenario.read_bytes(), load_scenario, _yaml),
        "vault header": ("", header, lambda path: read_header(path.parent), _json),
    }


def fuzzed(name: str, inputs: int, folder: Path) -> tuple[Counter[str], list[tuple[str, bytes]]]:
    """What became of `inputs` broken files of the reader `name`, and those that crashed it."""
    ending, valid, read, exchange = _targets()[name]
    path = folder / ("vault.json" if name == "vault header" else f"fuzzed{ending}")
    value = None
    if exchange is _json:
        value = json.loads(valid)
    elif exchange is _yaml:
        import yaml

        value = yaml.safe_load(valid)
    counts: Counter[str] = Counter()
    crashes: list[tuple[str, bytes]] = []

    @settings(
        max_examples=max(1, -(-inputs // A_BATCH)), database=None, deadline=None, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck), derandomize=True,
    )  # fmt: skip
    @given(st.integers(0, 2**64 - 1), st.floats(0, 1))
    def batch(seed: int, by_value: float) -> None:
        chance = random.Random(seed)
        for _ in range(A_BATCH):
            structured = exchange is not None and chance.random() < by_value
            content = exchange(value, chance) if structured and exchange else broken_bytes(valid, chance)
            path.write_bytes(content)
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("error")
                    read(path)
                counts["read"] += 1
            except FacelabError:
                counts["refused"] += 1
            except Exception as error:  # noqa: BLE001  # whatever else comes is what is looked for
                counts["crashed"] += 1
                if len(crashes) < 10:
                    crashes.append((f"{type(error).__name__}: {error}", content))

    for clip in ("a", "b"):  # the footage that the manifests name
        (folder / clip).mkdir(exist_ok=True)
        cv2.imwrite(str(folder / clip / "0001.png"), np.zeros((4, 4, 3), np.uint8))
    path.write_bytes(valid)
    read(path)
    batch()
    return counts, crashes


def main() -> int:
    """Fuzz, and print a line a reader."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--inputs", type=int, default=1_000_000, help="in all")
    parser.add_argument("--target", help="one reader only")
    chosen = parser.parse_args()
    names = [chosen.target] if chosen.target else list(_targets())
    total, failed = 0, False
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if os.access(memory, os.W_OK) else None) as folder:
        for name in names:
            begin = time.process_time()
            counts, crashes = fuzzed(name, chosen.inputs // len(names), Path(folder))
            total += sum(counts.values())
            said = ", ".join(f"{count:,} {what}" for what, count in counts.most_common())
            print(f"{name:18} {said}; {time.process_time() - begin:.0f} s", flush=True)
            for reason, content in crashes:
                failed = True
                print(f"    {reason[:200]}\n    {content[:400].hex()}", flush=True)
    print(f"{total:,} inputs")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
