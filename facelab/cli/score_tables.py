"""The answers of `facelab verification` and `facelab identification` as a person reads them: tables and sentences."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from facelab.cli.output import answer_table, message
from facelab.cli.rates import number, rate_cell, tell_conditions


def tell_verification(answer: dict[str, Any]) -> None:
    """Print a verification as tables and sentences."""
    said = answer["traditional"]
    rows = [("EER", number(said["eer"]["rate"]), f"at threshold {said['eer']['threshold']:.6g}")]
    for name in ("fmr100", "fmr1000", "fmr10000"):
        fixed = said[name]
        counts = fixed["reason"] if fixed["fnmr"] is None else f"FNMR {rate_cell(fixed['fnmr'])}"
        rows.append((name.upper(), number(fixed["value"]), counts))
    answer_table(f"single numbers ({said['convention']})", ("name", "value", "measured"), rows)
    fixed_rates = [("FNMR", said[name]["fnmr"]) for name in ("fmr100", "fmr1000", "fmr10000")]
    points, names = answer["operating_points"], ("fmr", "fnmr", "gfar", "gfrr")
    _answer_points(points, "target_fmr", names)
    tell_conditions([*fixed_rates, *_shown(points, names)])
    if "tail" in answer:
        _tell_tail(answer["tail"])
    _print_lines(answer["more_data"])


def _tell_tail(tail: dict[str, Any]) -> None:
    """Print the tail's thresholds, or why it was refused."""
    if "refused" in tail:
        message(f"no extrapolation: {tail['refused']}")
        return
    rows = []
    for point in tail["thresholds"]:
        kind = "extrapolated" if point.get("extrapolated") else "within the data"
        known = point["threshold"] is not None
        rows.append(
            (f"{point['target']:g}", _score(point["threshold"]), _score(point.get("certified")), kind)
            if known
            else (f"{point['target']:g}", "none", "none", point["reason"])
        )
    answer_table("a model's tail, no measurement", ("target fmr", "threshold", "certified", "kind"), rows)
    fit = f"shape {tail['shape']:.3f}, above {tail['start']:.4f}, goodness of fit p = {tail['fit_p']:.2f}"
    message(f"generalised Pareto tail of {tail['exceedances']} of {tail['comparisons']:,} comparisons: {fit}")


def tell_identification(answer: dict[str, Any]) -> None:
    """Print an identification as tables and sentences."""
    points, names = answer["operating_points"], ("fpir", "fnir", "misidentification")
    _answer_points(points, "target_fpir", names)
    tell_conditions(_shown(points, names))
    if "cmc" in answer:
        rows = [
            (at["rank"], f"{at['hits']}/{at['mated']} = {number(at['rate'])}", f"[{at['low']:.3g}, {at['high']:.3g}]")
            for at in answer["cmc"]["at"]
            if at["rate"] is not None
        ]
        answer_table("hits by rank, no threshold", ("rank", "hits", "interval"), rows)
    if "operational" in answer:
        _tell_operational(answer["operational"])
    _print_lines(answer["more_data"])


def _tell_operational(said: dict[str, Any]) -> None:
    """Print thresholds for the site's own gallery size, and FPIR there."""
    kind = "extrapolated" if said["extrapolated"] else "measured"
    rows = [
        (f"{t['target']:g}", _score(t["threshold"]), _score(t.get("certified")), t.get("reason", kind))
        for t in said["thresholds"]
    ]
    if rows:
        heads = ("target fpir", "threshold", "certified", "kind")
        answer_table(f"with {said['subjects']:,} enrolled (tested: {said['tested']:,})", heads, rows)
    _print_lines(said["sentences"])
    if not said["tested_share_suffices"]:
        share = f"{100 * said['tested_share']:.3g} % of the operational gallery was tested"
        message(f"{share}; NIST SP 800-63A-4 wants 90 %")


def _answer_points(points: list[dict[str, Any]], target: str, rates: tuple[str, ...]) -> None:
    """Print operating points as a table; the reasons of those that fall short come below."""
    if not points:
        return
    rows = [(*_chosen(point, target), *(rate_cell(point[name]) for name in rates)) for point in points]
    heads = [_head(name) for name in rates]
    answer_table("operating points", (target.replace("_", " "), "threshold", "certified", "supported", *heads), rows)
    for point in points:
        if point.get("reason"):
            message(point["reason"])


def _shown(points: list[dict[str, Any]], names: tuple[str, ...]) -> list[tuple[str, dict[str, Any] | None]]:
    """The rates of a table with what they are called; of a certified threshold the one that it bounds."""
    shown = [(_head(name), point[name]) for point in points for name in names]
    certified = [(point.get("certified") or {}).get(names[0]) for point in points]
    return [*shown, *((f"{_head(names[0])} at the certified threshold", rate) for rate in certified)]


def _head(name: str) -> str:
    return name if len(name) > 5 else name.upper()


def _chosen(point: dict[str, Any], target: str) -> tuple[str, str, str, str]:
    """The target of a point, its threshold, the certified one, and whether the data supports it."""
    threshold, supported = _score(point["threshold"]), "yes" if point["supported"] else "no"
    if point[target] is None:
        return "given", threshold, "–", supported
    from facelab.report.conditions import mark

    certified = point.get("certified") or {}
    sure = _score(certified.get("threshold")) + mark(certified.get(target.removeprefix("target_")))
    return f"{point[target]:g}", threshold, sure, supported


def _score(threshold: float | None) -> str:
    return "none" if threshold is None else f"{threshold:.6g}"


def _print_lines(sentences: Sequence[str]) -> None:
    for sentence in sentences:
        print(sentence)
