"""The card of a tuned config: what the file says, for a person, as Markdown and as an HTML page.

It opens with what may be done with the config and what it costs; every rate comes with its counts and interval.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from facelab.report.conditions import legend
from facelab.report.rows import percent, rate_text

if TYPE_CHECKING:
    from facelab.deploy.records import FigureRecord, PointRecord
    from facelab.deploy.tuned_config import TunedConfig

HEAD = "| | alerts for strangers (FPIR) | enrolled people missed (FNIR) | wrong name |"


def card(config: TunedConfig) -> str:
    """The card of `config` in Markdown."""
    parts = [_head(config), _rates(config), _floor(config), _validity(config), _groups(config), _behind(config)]
    return "\n\n".join(part for part in parts if part) + "\n"


def card_page(config: TunedConfig) -> str:
    """The card of `config` as an HTML page that needs no network."""
    import mistune

    from facelab.report.page import page

    markdown = mistune.create_markdown(escape=True, plugins=["table"])
    return page(config.title, str(markdown(card(config))))


def _head(config: TunedConfig) -> str:
    own = "".join(f"; {_text(camera)}: {value:.4f}" for camera, value in sorted(config.camera_thresholds.items()))
    return (
        f"# {_text(config.title)}\n\n**{config.use.status.capitalize()}.** {_text(config.use.reason)}.\n\n"
        f"Accept a candidate whose cosine similarity is at least **{config.threshold:.4f}**{own}. "
        f"Models: {_text(config.pack.name)} ({_text(config.pack.licence)})."
    )


def _rates(config: TunedConfig) -> str:
    rows = "\n".join(_row(point) for point in (config.operating_point, *config.also_measured))
    weak = "" if config.operating_point.supported else f"\n\nNot supported: {_text(config.operating_point.reason)}."
    marks = "".join(f"\n\n\\{line}." for line in _legend(config))
    return (
        f"## What it costs\n\nMeasured with {config.matching.enrolled:,} enrolled people; the interval's unit is the "
        f"person.\n\n{HEAD}\n|---|---|---|---|\n{rows}{marks}{weak}"
    )


def _legend(config: TunedConfig) -> tuple[str, ...]:
    """What the marks in the table mean."""
    points = (config.operating_point, *config.also_measured)
    named = [(point.fpir, point.fnir, point.misidentification) for point in points]
    names = ("FPIR", "FNIR", "misidentified")
    return legend((name, rate.model_dump()) for rates in named for name, rate in zip(names, rates))


def _row(point: PointRecord) -> str:
    name = "the site's own" if point.target_fpir is None else f"target {percent(point.target_fpir)}"
    kind = ", certified" if point.origin == "certified" else ""
    rates = (point.fpir, point.fnir, point.misidentification)
    cells = " | ".join(rate_text(rate.model_dump()) for rate in rates)
    return f"| {name}{kind}: {point.threshold:.4f} | {cells} |"


def _floor(config: TunedConfig) -> str:
    found = config.expected
    if found is None:
        return "## On the floor\n\nThe site said nothing of its passengers, so no alerts a day can be given."
    return (
        f"## On the floor\n\nWith {found.passengers_a_day:,.0f} passengers a day, of whose passages "
        f"{percent(found.prevalence)} are of enrolled people: {_figure(found.false_alerts_a_day)} false and "
        f"{_figure(found.true_alerts_a_day)} true alerts a day; an alert is right with probability "
        f"{_figure(found.ppv)}.\n\nAssumed: {_text(' '.join(found.assumptions))}"
    )


def _figure(figure: FigureRecord) -> str:
    if figure.value is None:
        return "an unknown number"
    if figure.low is None or figure.high is None:
        return f"{figure.value:.3g}"
    return f"{figure.value:.3g} [{figure.low:.3g}, {figure.high:.3g}]"


def _validity(config: TunedConfig) -> str:
    valid = config.validity
    small = f"faces of at least {valid.min_width_px:g} px" if valid.min_width_px else "faces of any size"
    return (
        f"## For what it holds\n\n- up to {valid.enrolled_max:,} enrolled people ({_text(valid.enrolled_rule)})\n"
        f"- the cameras {_text(', '.join(valid.cameras))}; others were not measured\n"
        f"- {small}, quality at least {valid.min_quality:g}\n"
        f"- until {valid.expires:%Y-%m-%d}; then measure again"
    )


def _groups(config: TunedConfig) -> str:
    if not config.groups:
        return ""
    said = "\n".join(f"- {g.rate} by {_text(g.attribute)}: {_text(g.finding)}" for g in config.groups)
    return f"## Groups of people\n\n{said}"


def _behind(config: TunedConfig) -> str:
    evidence = config.evidence
    notes = "".join(f"\n- {_text(note)}" for note in evidence.notes)
    run = "" if evidence.run_id is None else f", MLflow run {_text(evidence.run_id)}"
    signer = "nobody" if config.signature is None else f"key {config.signature.key_id[:16]}"
    return (
        f"## What stands behind it\n\n- {_text(evidence.statement)}: scenario {_text(evidence.scenario)}, footage "
        f"{_text(evidence.footage)}{run}\n- chosen on {_counts(evidence.chosen_on)}; reported on "
        f"{_counts(evidence.reported_on)}{notes}\n- facelab {_text(evidence.facelab)}, {config.created:%Y-%m-%d %H:%M} "
        f"UTC; signed by {signer}"
    )


def _counts(said: dict[str, int]) -> str:
    return ", ".join(f"{count:,} {_text(name.replace('_', ' '))}" for name, count in said.items()) or "nobody"


def _text(words: str) -> str:
    """`words` with nothing in them that Markdown or HTML would read as more than words."""
    flat = " ".join(words.split())
    return "".join("\\" + c if c in "\\`*_[]#|<>!" else c for c in flat)
