"""The threshold explorer in a notebook: a slider, what it means, and the passages that flip, as pairs of pictures.

Pictures are read from the footage and the watchlist when somebody asks for them, and live in the page alone: they are
sent as the content of a widget, which a notebook does not keep unless JupyterLab is told to save widgets. Whether
people may be shown at all is the parameter `show`. A page that was made without a kernel has the same as a table
(`threshold_tables`), at the threshold of the study.
"""

from __future__ import annotations

from dataclasses import replace
from html import escape
from typing import TYPE_CHECKING, Any

from facelab.errors import NotMeasured
from facelab.experiments.explorer import Explorer
from facelab.experiments.footage_sheet import Show, may_be_shown
from facelab.experiments.passage_pictures import passage_faces
from facelab.experiments.study import say

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from facelab.experiments.explorer import Flip, Reading
    from facelab.experiments.study import Study
    from facelab.stats.rates import Rate
    from facelab.stats.workload import Estimate

PAIRS = 6
MOST = 60
"""So many searches that flip can be looked at, the most doubtful ones."""
STYLE = "text-align:left;padding:.1rem 1.2rem .1rem 0;line-height:1.35;font-variant-numeric:tabular-nums"
FPIR, FNIR = "strangers who alert (FPIR)", "enrolled people who pass unseen (FNIR)"
NOW = {"a false alert more": "a false alert", "a false alert less": "a stranger without an alert"}
"""What a decision is called that has been made, in place of what became of it."""
NOT_SHOWN = "Pictures may be of real people: set show_faces to 'always' if you may look at them."


def threshold_panel(study: Study, show: Show = "synthetic") -> Any:
    """The explorer of `study` as a widget; a sentence where there is nothing to explore.

    Parameters
    ----------
    study : Study
        Evaluated as far as its thresholds.
    show : {"synthetic", "always", "never"}
        Whether pictures of people may be shown.
    """
    try:
        return ThresholdPanel(Explorer(study), show).widget
    except NotMeasured as reason:
        return say(str(reason))


def threshold_tables(study: Study) -> Any:
    """What the explorer shows at the threshold of `study`, as tables that stay on a page without a kernel.

    The rates and the workload, the rates by camera and group, and the searches on whose decision the threshold is
    nearest. They name passages and people: the cell's tag is ``names``.
    """
    from IPython.display import HTML

    try:
        explorer = Explorer(study)
    except NotMeasured as reason:
        return say(str(reason))
    at = explorer.start
    low, high = explorer.range
    nearest = [*explorer.flips(low, at, PAIRS), *explorer.flips(high, at, PAIRS)]
    nearest = [replace(flip, what=NOW.get(flip.what, flip.what)) for flip in sorted(nearest, key=lambda f: -f.score)]
    parts = [_table(_means(explorer.at(at), None, explorer.confidence))]
    parts += [_by(explorer, attribute, at) for attribute in explorer.labels]
    parts.append("<p>The most doubtful decisions, the first that would be others at another threshold:</p>")
    parts.append(_flip_table(nearest, at))
    return HTML("".join(parts))  # type: ignore[no-untyped-call]  # IPython


class ThresholdPanel:
    """The widgets of one explorer.

    Parameters
    ----------
    explorer : Explorer
        What it shows.
    show : {"synthetic", "always", "never"}
        Whether pictures of people may be shown.
    """

    def __init__(self, explorer: Explorer, show: Show = "synthetic") -> None:
        import ipywidgets as w

        self.explorer, self._show, self._first, self._following = explorer, show, 0, False
        low, high = explorer.range
        self.threshold = w.FloatSlider(
            value=explorer.start, min=low, max=high, step=1e-3 * (high - low), readout_format=".4f",
            description="threshold", continuous_update=True, layout=w.Layout(width="44rem"),
        )  # fmt: skip
        fitting = w.Layout(width="auto")
        self.looser = w.Button(description="one decision looser", icon="chevron-left", layout=fitting)
        self.stricter = w.Button(description="one decision stricter", icon="chevron-right", layout=fitting)
        self.back = w.Button(description=f"back to {explorer.start:.4f}", icon="undo", layout=fitting)
        self.alerts = w.BoundedFloatText(
            min=0, max=1e9, description="alerts a day", layout=w.Layout(width="16rem"), disabled=explorer.site is None,
            tooltip="what the site can review: gives the lowest threshold that is expected to keep it",
        )  # fmt: skip
        names = [("no groups", ""), *((name, name) for name in explorer.labels)]
        self.attribute = w.Dropdown(options=names, value="", description="rates by")
        self.pictures = w.Button(description="show the pairs", tooltip="reads the footage; takes some seconds")
        self.means, self.groups, self.flips, self.pairs = w.HTML(), w.HTML(), w.HTML(), w.HTML()
        self.threshold.observe(self._moved, names="value")
        self.attribute.observe(self._regrouped, names="value")
        self.alerts.observe(self._asked, names="value")
        for button, target in ((self.looser, False), (self.stricter, True)):
            button.on_click(lambda _, stricter=target: self._step(stricter))
        self.back.on_click(lambda _: self._go(self.explorer.start))
        self.pictures.on_click(self._draw_pairs)
        self._moved(None)
        moves = w.HBox([self.looser, self.stricter, self.back])
        self.widget = w.VBox(
            [self.threshold, moves, w.HBox([self.alerts, self.attribute]), self.means, self.groups, self.flips,
             self.pictures, self.pairs]
        )  # fmt: skip

    def _go(self, threshold: float) -> None:
        low, high = self.explorer.range
        self.threshold.value = min(max(threshold, low), high)

    def _step(self, stricter: bool) -> None:
        self._go(self.explorer.one_decision(self.threshold.value, stricter=stricter))

    def _asked(self, change: Any) -> None:
        if not self._following and change["new"] > 0:
            self._go(self.explorer.threshold_for(change["new"]))

    def _moved(self, _: Any) -> None:
        value, explorer = self.threshold.value, self.explorer
        reading = explorer.at(value)
        before = None if value == explorer.start else explorer.at(explorer.start)
        self.means.value = _table(_means(reading, before, explorer.confidence))
        self._follow(reading)
        self._regrouped(None)
        self._first, self.pairs.value = 0, ""
        found = explorer.flips(explorer.start, value, PAIRS)
        self.flips.value = self._flipped(found)
        self.pictures.description = "show the pairs"
        self.pictures.layout.display = None if found else "none"
        self.back.disabled = before is None

    def _follow(self, reading: Reading) -> None:
        """The box of alerts a day says what the threshold raises, and does not move it for that."""
        if reading.workload is None:
            return
        self._following = True
        self.alerts.value = float(f"{reading.workload.alerts_a_day.value:.3g}")
        self._following = False

    def _regrouped(self, _: Any) -> None:
        chosen = self.attribute.value
        self.groups.value = _by(self.explorer, chosen, self.threshold.value) if chosen else ""

    def _flipped(self, found: list[Flip]) -> str:
        explorer, value = self.explorer, self.threshold.value
        if not found:
            return f"<p>Against {explorer.start:.4f} no decision changes.</p>"
        counts = explorer.flipped(explorer.start, value).items()
        said = " and ".join(f"{count:,} × {what}" for what, count in counts if count)
        head = f"<p>Against {explorer.start:.4f}: {escape(said)}. The most doubtful first:</p>"
        return head + _flip_table(found, value)

    def _draw_pairs(self, _: Any) -> None:
        study, explorer, value = self.explorer.study, self.explorer, self.threshold.value
        if not may_be_shown(self._show, synthetic=study.evidence.synthetic):
            self.pairs.value = f"<p>{NOT_SHOWN}</p>"
            return
        flips = explorer.flips(explorer.start, value, MOST)
        shown = flips[self._first : self._first + PAIRS]
        self.pictures.disabled = True
        self.pairs.value = "<p>Reading the footage …</p>"
        try:
            cards = "".join(passage_faces(study, shown))
        finally:
            self.pictures.disabled = False
        last, all_of = self._first + len(shown), sum(explorer.flipped(explorer.start, value).values())
        head = f"<p>Pairs {self._first + 1} to {last} of {all_of:,}, the most doubtful first.</p>"
        self.pairs.value = f'{head}<div style="display:flex;flex-wrap:wrap;gap:1.2rem">{cards}</div>'
        self._first = last if last < len(flips) else 0
        self.pictures.description = "show the next pairs" if self._first else "show the pairs"


def _means(reading: Reading, before: Reading | None, confidence: float) -> list[tuple[str, ...]]:
    """What a threshold means, a row a figure, and beside it what the one that it is compared with means."""
    columns = [reading] if before is None else [reading, before]
    heads = ("threshold", f"{reading.threshold:.4f}", *(f"at the start: {one.threshold:.4f}" for one in columns[1:]))
    rows = [heads]
    rows.append((FPIR, *(_rate(one.fpir, confidence) for one in columns)))
    rows.append((FNIR, *(_rate(one.fnir, confidence) for one in columns)))
    if reading.workload is not None:
        works = [one.workload for one in columns if one.workload is not None]
        rows.append(("false alerts a day", *(_estimate(work.false_alerts_a_day) for work in works)))
        rows.append(("true alerts a day", *(_estimate(work.true_alerts_a_day) for work in works)))
        rows.append(("hours of review a day", *(_estimate(work.review_hours_a_day) for work in works)))
        rows.append(("alerts that are right (PPV)", *(_share(work.ppv) for work in works)))
    return rows


def _by(explorer: Explorer, attribute: str, threshold: float) -> str:
    rows = [
        (group, *(_rate(rate, explorer.confidence) for rate in rates))
        for group, *rates in explorer.by(attribute, threshold)
    ]
    return _table([(attribute, FPIR, FNIR), *rows])


def _flip_table(flips: Iterable[Flip], threshold: float) -> str:
    heads = ("what", "passage", "camera", "who", "reference", "score", "from the threshold")
    rows = [
        (one.what, one.probe_id, one.camera, one.subject or "a stranger", one.alleged, f"{one.score:.4f}",
         f"{one.score - threshold:+.4f}")
        for one in flips
    ]  # fmt: skip
    return _table([heads, *rows])


def _table(rows: Sequence[tuple[str, ...]]) -> str:
    head, *body = rows
    first = "".join(f'<th scope="col" style="{STYLE}">{escape(cell)}</th>' for cell in head)
    rest = "".join(
        "<tr>" + "".join(f'<td style="{STYLE}">{escape(cell)}</td>' for cell in row) + "</tr>" for row in body
    )
    return f"<table><thead><tr>{first}</tr></thead><tbody>{rest}</tbody></table>"


def _rate(rate: Rate, confidence: float) -> str:
    from facelab.report.rows import rate_text

    return rate_text(rate.to_dict(confidence)) if rate.trials else "no trial"


def _estimate(value: Estimate) -> str:
    return f"{_digits(value.value)} [{_digits(value.low)}, {_digits(value.high)}]"


def _share(value: Estimate) -> str:
    """A share as one in so many where it is small: ``1 in 5,800 [1 in 12,000, 1 in 2,500]``."""
    if not value.value > 0:
        return "none"
    return f"{_one_in(value.value)} [{_one_in(value.low)}, {_one_in(value.high)}]"


def _one_in(share: float) -> str:
    if not share > 0:
        return "none"
    return f"{100 * share:.2g} %" if share >= 0.01 else f"1 in {_digits(float(f'{1 / share:.2g}'))}"


def _digits(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.2g}"
