"""The threshold explorer in a notebook: a slider, what it means, and the passages that flip, as pairs of pictures.

Pictures are read from the footage and the watchlist when somebody asks for them, and live in the page alone: they are
sent as the content of a widget, which a notebook does not keep. Whether people may be shown at all is the parameter
`show`. A page that was made without a kernel shows the static table instead.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

from facelab.errors import NotMeasured
from facelab.experiments.explorer import Explorer
from facelab.experiments.footage_sheet import Show, may_be_shown
from facelab.experiments.passage_pictures import passage_faces
from facelab.experiments.study import say

if TYPE_CHECKING:
    from collections.abc import Sequence

    from facelab.experiments.explorer import Flip
    from facelab.experiments.study import Study

PAIRS = 6
STYLE = "text-align:left;padding:.15rem .8rem .15rem 0;font-variant-numeric:tabular-nums"


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

        self.explorer, self._show = explorer, show
        low, high = explorer.range
        wide = w.Layout(width="38rem")
        self.threshold = w.FloatSlider(
            value=explorer.start, min=low, max=high, step=(high - low) / 1000, readout_format=".4f",
            description="threshold", continuous_update=True, layout=wide,
        )  # fmt: skip
        self.alerts = w.BoundedFloatText(
            value=0, min=0, max=1e9, description="alerts a day", layout=w.Layout(width="16rem"),
            disabled=explorer.study.scenario.floor is None,
        )  # fmt: skip
        names = list(explorer.labels)
        self.attribute = w.Dropdown(options=["no groups", *names], value="no groups", description="rates by")
        self.pictures = w.Button(description="show the pairs", tooltip="reads the footage; takes some seconds")
        self.means, self.groups, self.flips, self.pairs = w.HTML(), w.HTML(), w.HTML(), w.HTML()
        self.threshold.observe(self._moved, names="value")
        self.attribute.observe(self._moved, names="value")
        self.alerts.observe(self._asked, names="value")
        self.pictures.on_click(self._draw_pairs)
        self._moved(None)
        top = w.HBox([self.alerts, self.attribute])
        tables = w.HBox([self.means, self.groups])
        self.widget = w.VBox([self.threshold, top, tables, self.flips, self.pictures, self.pairs])

    def _asked(self, change: Any) -> None:
        if change["new"] > 0:
            self.threshold.value = self.explorer.threshold_for(change["new"])

    def _moved(self, _: Any) -> None:
        value = self.threshold.value
        self.means.value = _table(self.explorer.rows(value))
        chosen = self.attribute.value
        self.groups.value = "" if chosen == "no groups" else self._by(chosen, value)
        found = self.explorer.flips(self.explorer.start, value)
        self.flips.value = _flipped(found, self.explorer.start)
        self.pairs.value = ""
        self.pictures.disabled = not found

    def _by(self, attribute: str, threshold: float) -> str:
        from facelab.report.rows import rate_text

        confidence = self.explorer.study.scenario.confidence
        rows = [
            (group, *(rate_text(rate.to_dict(confidence)) if rate.trials else "no trial" for rate in rates))
            for group, *rates in self.explorer.by(attribute, threshold)
        ]
        return _table([(attribute, "FPIR", "FNIR"), *rows])

    def _draw_pairs(self, _: Any) -> None:
        study = self.explorer.study
        if not may_be_shown(self._show, synthetic=study.evidence.synthetic):
            self.pairs.value = "Pictures may be of real people: set show to 'always' if you may look at them."
            return
        shown = self.explorer.flips(self.explorer.start, self.threshold.value, PAIRS)
        self.pairs.value = "".join(pair for flip in shown for pair in passage_faces(study, flip))


def _table(rows: Sequence[tuple[str, ...]]) -> str:
    body = "".join(
        "<tr>" + "".join(f'<td style="{STYLE}">{escape(cell)}</td>' for cell in row) + "</tr>" for row in rows
    )
    return f"<table>{body}</table>"


def _flipped(found: list[Flip], start: float) -> str:
    if not found:
        return f"<p>Against {start:.4f} no decision changes.</p>"
    rows = [
        (f.what, f.probe_id, f.camera, f.subject or "a stranger", f.alleged, f"{f.score:.4f}") for f in found[:PAIRS]
    ]
    more = f"<p>Against {start:.4f} the decision changes on {len(found)}{'+' if len(found) == 50 else ''} searches.</p>"
    return more + _table([("what", "passage", "camera", "who", "reference", "score"), *rows])
