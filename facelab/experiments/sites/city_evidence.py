"""The evidence behind the answer of a city: a section a question, each a table of counts and its words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from facelab.errors import BadInput, NotMeasured
from facelab.experiments.sites.city_cameras import PLAZA, any_of_cameras, of_kind, resampled_fpir
from facelab.experiments.sites.city_cases import cases_a_day
from facelab.experiments.sites.departures_words import of_hundred, whole
from facelab.report.site_answer import Section, Table
from facelab.stats.dyadic import PeopleTrials, rate_of
from facelab.stats.openset import OpenSetCurve
from facelab.stats.scaling import GalleryScale, fpir_by_gallery_size, fpir_if_independent
from facelab.stats.watchlist_size import sized_threshold, strangers_tail

if TYPE_CHECKING:
    from facelab.experiments.sites.city_distractors import DistractorCheck
    from facelab.experiments.sites.city_findings import Findings, Spent
    from facelab.stats.rates import Rate
    from facelab.stats.review_budget import Outcome
    from facelab.stats.searches import Searches

FIGURE = "fpir_by_database"
MOST_CAMERAS = 12


def evidence(found: Findings) -> tuple[Section, ...]:
    """Every section, in the order of reading; one that was not asked for is left out."""
    sections = (
        check_section(found), growth_section(found), _real_section(found), budget_section(found), sites_section(found),
        windscreen_section(found), cameras_section(found), cases_section(found), machines_section(found),
    )  # fmt: skip
    return tuple(section for section in sections if section is not None)


def check_section(found: Findings) -> Section:
    """Whether drawn references may stand in for people."""
    checks = [check for check in (found.database.check, found.congress) if check is not None]
    columns = (
        "people", "score", "FMR of held-out people", "of drawn references", "within",
        "FPIR, as many enrolled: people", "drawn", "drawn ones alike each other",
    )  # fmt: skip
    rows = tuple(row for check in checks for row in _check_rows(check))
    said = [found.database.refusal or checks[0].sentence()]
    if found.congress is not None:
        said.append(f"On real portraits, {found.congress.sentence()}")
    else:
        said.append("No real portraits lie here (FACELAB_RESEARCH_DATA), so the check is of generated people only.")
    said += [
        "The rule is about FMR. FPIR stands beside it: where drawn references give a lower one, false matches fall on "
        "fewer passages than among people, and the figures for large databases are too good by about that factor.",
        "Drawn references resemble each other more than people do (last column). That enters FPIR through the spread "
        "between passages alone, which the FPIR columns show.",
        "The check ends where its pairs end, at an FMR of about 1 in 10,000. A database of a million runs at 1 in ten "
        "million or rarer; there the drawn references are a model that nothing here has tested.",
    ]
    return Section("May drawn references stand in for people", tuple(said), Table(columns, rows))


def _check_rows(check: DistractorCheck) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = []
    for level in check.levels:
        alike = "no two people match" if np.isnan(level.alike) else f"{level.alike:.2g} times as often"
        rows.append(
            (
                f"{check.name}, {check.held_out} references and {check.probes} searches held out",
                f"{level.threshold:.3f}",
                _rate(level.people),
                f"{level.drawn:.3g}",
                "yes" if level.within else "no",
                _rate(level.people_fpir),
                f"{level.drawn_fpir:.2g}" + ("" if level.fpir_within else " (outside)"),
                alike,
            )
        )
    return rows


def growth_section(found: Findings) -> Section | None:
    """How FPIR grows with the database."""
    threshold = found.threshold
    if threshold is None:
        return None
    database, tested = found.database, found.database.enrolled.subjects
    sizes = sorted({tested, *database.by_size, *found.site.galleries})
    scale = fpir_by_gallery_size(found.report_of(tested).searches, threshold, np.array(sizes))
    rows = tuple(_growth_row(found, size, scale) for size in sizes)
    columns = (
        "in the database", "false alerts in 10,000 strangers", "measured how", "if comparisons were independent",
        "extrapolated from the enrolled", "of 100 wanted passages missed", "threshold for the same reviews",
    )  # fmt: skip
    said = [
        f"All at the score {threshold:.3f}. The search is exact at every size; all references but {tested} are drawn.",
        f"Independence: 1 - (1 - FMR)^N with the FMR of the largest database searched. The last but one column is what "
        f"{tested} enrolled people alone would have said: a model, between a floor and a ceiling.",
    ]
    if not database.by_size:
        said[0] = f"References may not be drawn ({database.refusal}) So beyond {tested} everything is extrapolated."
        said.append(
            "The last column beyond that: the score at which the size of the database times FMR is the reviews a day "
            "over the passages a day, FMR from the generalised Pareto tail of the strangers who chose, every camera "
            "alike. A bound for the mean, and a model: no comparison that rare was seen."
        )
    return Section("How false alerts grow with the database", tuple(said), Table(columns, rows), _figure(found, scale))


def _real_section(found: Findings) -> Section | None:
    """Real portraits in databases of each size, where they are there."""
    return None if found.real_growth is None else found.real_growth.section()


def _growth_row(found: Findings, size: int, scale: GalleryScale) -> tuple[str, ...]:
    threshold = float(found.threshold or 0.0)
    at = int(np.flatnonzero(scale.size == size)[0])
    model = f"{1e4 * scale.fpir[at]:.3g} [{1e4 * scale.floor[at]:.3g}, {1e4 * scale.ceiling[at]:.3g}]"
    tested = found.database.enrolled.subjects
    if size < tested:
        smaller = f"{1e4 * scale.fpir[at]:.3g} [{1e4 * scale.low[at]:.3g}, {1e4 * scale.high[at]:.3g}]"
        return f"{size:,}", smaller, "measured: people left out", f"{1e4 * scale.independent[at]:.3g}", "", "", ""
    if size != tested and size not in found.database.by_size:
        return f"{size:,}", "not searched", "extrapolated", "", model, "cannot tell", _beyond(found, size)
    largest = max([tested, *found.database.by_size])
    point = found.report_of(size).curve.at(threshold)
    independent = fpir_if_independent(_fmr(found.report_of(largest).searches, threshold), size)
    how = "measured" if size == tested else "simulated: drawn references"
    missed = of_hundred(point.fnir) if point.fnir.trials else "nobody searched"
    beyond = "" if size == tested else model
    own = found.threshold_at(size)
    needed = "cannot tell" if own is None else f"{own:.3f}"
    return f"{size:,}", _in_ten_thousand(point.fpir), how, f"{1e4 * independent:.3g}", beyond, missed, needed


def _beyond(found: Findings, size: int) -> str:
    """The threshold for the site's reviews at a size that was not searched, from the tail of the strangers."""
    chosen, comparisons = found.select.searches, found.study.comparisons
    try:
        tail = strangers_tail(
            comparisons.take(np.isin(comparisons.probe_id, chosen.probe_id)), np.random.default_rng(found.site.seed)
        )
    except (NotMeasured, BadInput) as reason:
        return f"cannot tell: {reason}"
    target = found.site.reviews_a_day / sum(camera.passages for camera in found.cameras)
    if not 0 < target < 1:
        return "cannot tell: more reviews than passages"
    sized = sized_threshold(chosen, tail, target, size)
    if sized.threshold is None:
        return f"cannot tell: {sized.reason}"
    bound = "no bound" if sized.certified is None else f"{sized.certified:.3f} at the upper 95 % bound of FMR"
    return f"{sized.threshold:.3f} ({sized.basis}; {bound})"


def _fmr(found: Searches, threshold: float) -> float:
    strangers = int((~found.mated).sum())
    return float((found.candidate_score >= threshold).sum()) / max(strangers * found.subjects, 1)


def _figure(found: Findings, scale: GalleryScale) -> tuple[str, ...]:
    from facelab import plots

    found.study.figure(plots.fpir_by_gallery(scale), FIGURE)
    return (FIGURE,)


def budget_section(found: Findings) -> Section:
    """How reviews are best spent."""
    rows = tuple(_budget_row(one) for one in found.spent)
    columns = (
        "reviews a day", "one threshold for all", "alerts a day with it", "wanted passages found a day",
        "with a threshold a camera", "alerts a day with those", "lost by one threshold", "lost at as many alerts",
    )  # fmt: skip
    own = found.chosen.own
    said = (
        "Thresholds that find most wanted passages within the reviews, by Lagrange multipliers on the concave hulls "
        f"of {len(found.cameras)} cameras; at {whole(found.site.reviews_a_day)} reviews what was found is within "
        f"{own.gap:.2g} a day of the best that any thresholds could give on that data ({own.bound:.3g}).",
        "Chosen on one half of the people; every figure is of the other half, so alerts may exceed the reviews, and "
        "the two ways differ in how many they raise there. The last column compares them at as many alerts. The "
        "intervals draw the people again, the thresholds held.",
        f"Below {whole(found.fewest_reviews)} reviews a day this data cannot tell one budget from another: one alarmed "
        "stranger among those who chose stands for so many alerts a day.",
        "Which camera is worth more reviews depends on its share of wanted people, and that is assumed here.",
    )
    return Section("How reviews are best spent", said, Table(columns, rows))


def _budget_row(one: Spent) -> tuple[str, ...]:
    common, outcome = float(one.common.threshold[0]), one.outcome
    return (
        whole(one.budget),
        f"{common:.3f}" if np.isfinite(common) else "none: no alert at all",
        _outcome(outcome.common_alerts),
        _outcome(outcome.common_true),
        _outcome(outcome.own_true),
        _outcome(outcome.own_alerts),
        _outcome(outcome.lost),
        _outcome(outcome.lost_at_equal_alerts),
    )


def sites_section(found: Findings) -> Section | None:
    """Whether each camera's own threshold is justified."""
    cameras = found.by_camera
    if cameras is None:
        return None
    rows = tuple(
        (c.camera, str(c.searches), "none" if c.threshold is None else f"{c.threshold:.3f} [{c.low:.3f}, {c.high:.3f}]",
         "yes" if c.supported else "no")
        for c in (cameras.pooled, *cameras.own)
    )  # fmt: skip
    head = (
        f"Among the {found.database.enrolled.subjects} enrolled people, for false alerts in "
        f"{100 * cameras.target:g} of 100 strangers:",
    )
    columns = ("camera", "strangers who chose", "threshold", "data supports it")
    plain_words = (sentence.replace("**", "") for sentence in cameras.sentences())  # a page, not Markdown
    return Section("A threshold for each site", (*head, *plain_words), Table(columns, rows))


def windscreen_section(found: Findings) -> Section | None:
    """What each rendered camera misses at the common threshold."""
    if found.threshold is None:
        return None
    half = found.report
    names = np.unique(half.camera).tolist()
    rows = [(name, *_camera_cells(half.searches.take(half.camera == name), found)) for name in names]
    for label, kind in (("all streets", False), ("all plazas", True)):
        mask = of_kind(half.camera, PLAZA) == kind
        if mask.any():
            rows.append((label, *_camera_cells(half.searches.take(mask), found)))
    columns = ("camera", "passages", "without a usable face", "wanted passages missed", "strangers alarmed")
    said = (
        "A plaza sees the face through a windscreen that mirrors sky, canopy or lamps; each was rendered with its own "
        "glass and light (docs/footage.md). Same people in streets and at plazas; counts of the half that reports.",
        "Plazas and streets differ in more than the glass: how large the face is, its pose, the light. What the "
        "glass alone costs cannot be told from this; it takes the same passages with and without it.",
    )
    return Section("Plaza against street", said, Table(columns, tuple(rows)))


def _camera_cells(found: Searches, whole_city: Findings) -> tuple[str, ...]:
    point = OpenSetCurve(found, whole_city.study.scenario.rank).at(float(whole_city.threshold or 0.0))
    person = np.unique(found.person, return_inverse=True)[1]
    lost = rate_of(PeopleTrials(person, "people"), found.failed, "FTA")
    return str(len(found)), _rate(lost), _rate(point.fnir), _rate(point.fpir)


def cameras_section(found: Findings) -> Section | None:
    """How false alerts grow with the cameras that one passes, and how they spread over the city's."""
    if found.threshold is None:
        return None
    half, threshold = found.report, float(found.threshold)
    passed = any_of_cameras(half.searches, threshold)
    single = passed[0][2] if passed else 0.0
    rows = tuple(
        (str(c), str(people), f"{100 * share:.3g} in 100", f"{100 * fpir_if_independent(single, c):.3g} in 100")
        for c, people, share in passed[:MOST_CAMERAS]
    )
    rates = resampled_fpir(found.cameras, half.by_camera, threshold, np.random.default_rng(found.site.seed))
    alerts = np.array([camera.passages for camera in found.cameras]) * rates
    others = len(found.cameras) - sum(camera.rendered for camera in found.cameras)
    low, middle, high = np.nanquantile(alerts, [0.05, 0.5, 0.95])
    said = (
        f"{others} of {len(found.cameras)} cameras are resampled: each has the scores of a rendered one, its people "
        f"drawn anew with replacement. Over cameras, false alerts a day would be {whole(middle)} in the middle, and in "
        f"nine of ten cameras between {whole(low)} and {whole(high)}.",
        "Resampling cannot show how two cameras of one kind differ in light, height and crowd, nor people whom the "
        "rendered camera never saw, nor one person's way past cameras that were not rendered.",
    )
    columns = ("cameras passed", "strangers who passed so many", "alarmed at least once", "if cameras were independent")
    return Section("More cameras", said, Table(columns, rows))


def cases_section(found: Findings) -> Section | None:
    """The same person seen at several sites as one case."""
    if found.threshold is None:
        return None
    cases = cases_a_day(found)
    rows = tuple((one.who, whole(one.alerts), whole(one.cases), f"{one.alerts_a_case:.2g}") for one in cases)
    columns = ("who", "alerts a day", "cases a day", "alerts a case")
    said = (
        "A case is every alert of one day with the same name of the database on it, whichever camera raised it: that "
        "is all a command centre knows. In the footage a person passes about "
        f"{len(found.report.searches) / max(len(np.unique(found.report.searches.person)), 1):.1f} of the rendered "
        "cameras; how many real people pass is for the site to count.",
    )
    return Section("Cases instead of alerts", said, Table(columns, rows))


def machines_section(found: Findings) -> Section:
    """What it takes in machines."""
    site, database = found.site, found.database
    passages = sum(camera.passages for camera in found.cameras)
    rows = [
        (
            "video: decoding, detection, tracking, embedding",
            f"{site.cores_a_camera:g} cores a camera",
            f"{site.cameras * site.cores_a_camera:,.0f} cores",
            "assumed: docs/scale.md",
        )
    ]
    for size, seconds in database.seconds.items():
        each = seconds / max(database.probes, 1)
        rows.append(
            (f"exact search of {size:,}", f"{1e3 * each:.3g} ms of one core a search",
             f"{passages * each / 86_400:.3g} cores on average, {size * 512 * 4 / 2**30:.2g} GiB", "measured")
        )  # fmt: skip
    said = (
        f"{whole(passages)} passages a day. Searches were made {database.probes:,} at a time, which is what makes them "
        "cheap; one by one they cost several times as much. GPUs were not measured, so no figure is given.",
    )
    columns = ("work", "each", "all together", "how known")
    return Section("Machines", said, Table(columns, tuple(rows)))


def _rate(rate: Rate) -> str:
    if not rate.trials:
        return "nobody"
    ends = rate.interval()
    return f"{rate.errors:,} of {rate.trials:,} = {rate.value:.2g} [{ends.low:.2g}, {ends.high:.2g}]"


def _in_ten_thousand(rate: Rate) -> str:
    if not rate.trials:
        return "nobody searched"
    ends = rate.interval()
    return f"{1e4 * rate.value:.3g} [{1e4 * ends.low:.3g}, {1e4 * ends.high:.3g}]"


def _outcome(one: Outcome) -> str:
    return f"{_short(one.value)} [{_short(one.low)}, {_short(one.high)}]"


def _short(value: float) -> str:
    return whole(value) if abs(value) >= 100 else f"{value:.2g}"
