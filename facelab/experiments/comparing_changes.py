"""What changed between two runs: parameters, pack, data and code, one row a change."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from facelab.experiments.saved_run import SavedRun

CODE = {"mlflow.source.git.commit": "git commit", "facelab.version": "facelab"}
EVIDENCE = {
    "footage_digest": ("data", "footage"),
    "watchlist_digest": ("data", "watchlist"),
    "enrolled": ("data", "enrolled subjects"),
    "references": ("data", "references with a template"),
    "failed_to_enrol": ("data", "subjects who failed to enrol"),
    "missed": ("data", "passages without a track"),
    "failed": ("data", "passages without a usable face"),
    "pack": ("pack", "name"),
    "pack_fingerprint": ("pack", "fingerprint"),
    "pack_licence": ("pack", "licence"),
}
LONGEST = 60


def run_changes(first: SavedRun, second: SavedRun) -> tuple[dict[str, str], ...]:
    """The rows ``what, name, first, second`` of everything that is not the same in both runs."""
    one, two = (_settings(run) for run in (first, second))
    found = [("parameter", name, one.get(name, "–"), two.get(name, "–")) for name in sorted(set(one) | set(two))]
    found += [
        (what, name, str(first.evidence.get(key, "–")), str(second.evidence.get(key, "–")))
        for key, (what, name) in EVIDENCE.items()
    ]
    found += [("code", name, first.tags.get(tag, "–"), second.tags.get(tag, "–")) for tag, name in CODE.items()]
    found.append(("result", "threshold", _threshold(first), _threshold(second)))
    names = ("what", "name", "first", "second")
    return tuple(dict(zip(names, (what, name, _short(a), _short(b)))) for what, name, a, b in found if a != b)


def _settings(run: SavedRun) -> dict[str, str]:
    """The scenario's settings by dotted name."""
    from facelab.experiments.run_log import flat

    return flat(run.scenario.model_dump(mode="json"))


def _threshold(run: SavedRun) -> str:
    return "none" if run.threshold is None else f"{run.threshold:.4f}"


def _short(text: str) -> str:
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
