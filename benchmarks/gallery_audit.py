"""How many planted errors the audit of a watchlist finds, and how many of its findings are planted: by kind.

    python benchmarks/gallery_audit.py [--data synthetic|congress] [--repeats 40]

Into a watchlist without known errors are planted, each repeat anew: *duplicates* (the second photograph of somebody
under a name of its own), *exchanged names* (the second photographs of two people under each other's names), *bad
photographs* (shrunk to a face of 20 to 44 px, or blurred; embedded anew) and two kinds of *hubs*: templates pooled over
m people, as a mixed track gives them, which match these people; and templates drawn towards the mean of all faces,
e + w c with c the unit mean, as a picture without features gives them, which match strangers. Recall: planted errors
that a finding of their kind names. Precision: findings of the kind that name a planted error of that kind, and of any
kind; what the audit says of the watchlist before anything was planted is counted apart. A third of
the people with one photograph are not enrolled: they are the strangers whose searches name hubs, at an FPIR of 10 %.
Intervals are 95 %, with a repeat as what is independent. The last part: findings in random parts of the watchlist with
nothing planted.

Data: the generated people, or the Congress portraits (research data; no picture is written anywhere).
"""

from __future__ import annotations

import argparse
import time
from collections import defaultdict
from dataclasses import dataclass, replace

import cv2
import numpy as np

from facelab.config import Detection, Runtime
from facelab.data.images import read_image
from facelab.data.people import SyntheticPeople, default_people_folder
from facelab.data.photographs import Photograph
from facelab.data.research import congress_portraits
from facelab.experiments.gallery_audit import KINDS, GalleryAudit, Searched, audit_gallery
from facelab.gallery.stills import photograph_templates, still_face
from facelab.matching import match
from facelab.pipeline.packs import Pack, load_pack
from facelab.stats.dyadic import PeopleTrials, rate_of
from facelab.stats.openset import open_set_curve
from facelab.types import Gallery, Templates

PLANTED = {"duplicate": 10, "mislabelled": 10, "poor photograph": 10, "hub": 2}
HUBS = ("pooled of 3", "pooled of 5", "pooled of 8", "drawn by 0.5", "drawn by 1")
BAD_CANDIDATES = 60
FPIR = 0.1


@dataclass(frozen=True, eq=False)
class Watchlist:
    """Templates of a watchlist, which rows are second photographs, and bad versions of some rows."""

    templates: Templates
    second: dict[int, int]
    bad: dict[int, tuple[str, np.ndarray, float, float]]


def photographs(name: str) -> list[Photograph]:
    """Everybody's photographs, two of some people."""
    if name == "congress":
        return list(congress_portraits().photographs)
    people = SyntheticPeople(default_people_folder())
    found = []
    for subject, paths in people.watchlist(500, wanted=None).items():
        found += [Photograph(f"watchlist/{path.name}/{subject}", subject, path) for path in paths]
    for subject in (*people.wanted, *people.unknown):
        kinds = ("smile_light",) if subject in people.wanted else ("middle", "smile_light")
        pictures = [picture for picture in people.pictures(subject) if picture.kind in kinds]
        found += [Photograph(f"{picture.kind}/{subject}", subject, picture.path) for picture in pictures]
    return found


def spoilt(image: np.ndarray, width: float, rng: np.random.Generator) -> tuple[str, np.ndarray]:
    """The picture with a face of 20 to 44 px, or blurred by 5 to 9 % of the face's width."""
    if rng.random() < 0.5:
        scale = rng.uniform(20, 44) / width
        return "small", cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return "blurred", cv2.GaussianBlur(image, (0, 0), width * rng.uniform(0.05, 0.09))


def watchlist(name: str, pack: Pack, rng: np.random.Generator) -> Watchlist:
    """The watchlist of `name`, with bad versions of some of its photographs."""
    taken = photographs(name)
    templates = photograph_templates(taken, pack, runtime=Runtime(workers=2), progress=False)
    good = np.flatnonzero(~templates.failed)
    templates, taken = templates.take(good), [taken[k] for k in good]
    rows: dict[str, list[int]] = defaultdict(list)
    for k, subject in enumerate(templates.subject_id.tolist()):
        rows[subject].append(k)
    second = {own[0]: own[1] for own in rows.values() if len(own) == 2}
    bad = {}
    for k in rng.permutation(len(taken))[:BAD_CANDIDATES]:
        how, image = spoilt(read_image(taken[k].path), float(templates.attributes["width_px"][k]), rng)
        still = still_face(image, pack, Detection())
        if still.embedding is not None:
            bad[int(k)] = (how, still.embedding, still.quality, still.width_px)
    lost = min(BAD_CANDIDATES, len(taken)) - len(bad)
    print(f"{name}: {len(rows):,} people, {len(taken):,} photographs, {len(second):,} people with two; of"
          f" {lost + len(bad)} photographs made bad {lost} gave no face (refused at enrolment)")  # fmt: skip
    return Watchlist(templates, second, bad)


@dataclass
class Planting:
    """A watchlist with errors, and where they are."""

    gallery: Gallery
    strangers: Templates
    truth: dict[str, set[frozenset[str]]]
    how: dict[str, str]
    touched: set[str]


def planted(base: Watchlist, rng: np.random.Generator) -> Planting:
    """`base` with errors planted, a third of the people with one photograph held back as strangers."""
    t = base.templates
    name, embedding = t.subject_id.astype("U40"), t.embedding.copy()
    quality, width = t.quality.copy(), np.array(t.attributes["width_px"])
    _, code, count = np.unique(name, return_inverse=True, return_counts=True)
    single = rng.permutation(np.flatnonzero(count[code] == 1))
    away = single[: len(single) // 3]
    truth: dict[str, set[frozenset[str]]] = {kind: set() for kind in KINDS}
    how: dict[str, str] = {}
    both = rng.permutation(np.array(sorted(base.second)))
    for first in both[: PLANTED["duplicate"]]:
        alias = f"alias of {name[first]}"
        truth["duplicate"].add(frozenset((str(name[first]), alias)))
        name[base.second[int(first)]] = alias
    swapped = both[PLANTED["duplicate"] :][: PLANTED["mislabelled"]]
    for a, b in zip(swapped[::2], swapped[1::2]):
        x, y = base.second[int(a)], base.second[int(b)]
        name[x], name[y] = str(name[y]), str(name[x])
        truth["mislabelled"] |= {frozenset((str(name[a]),)), frozenset((str(name[b]),))}
    left = single[len(away) :]
    mean = t.embedding.mean(axis=0) / np.linalg.norm(t.embedding.mean(axis=0))
    for k, what in zip(left, np.repeat(HUBS, PLANTED["hub"])):
        kind, amount = str(what).rsplit(" ", 1)
        if kind == "pooled of":
            drawn = t.embedding[rng.choice(left[len(HUBS) * PLANTED["hub"] :], int(amount) - 1, replace=False)].sum(0)
        else:
            drawn = float(amount) * mean
        embedding[k] = (t.embedding[k] + drawn) / np.linalg.norm(t.embedding[k] + drawn)
        truth["hub"].add(frozenset((str(t.sample_id[k]),)))
        how[str(t.sample_id[k])] = f"hub {what}"
    free = [k for k in base.bad if k not in away and str(t.sample_id[k]) not in how]
    for k in rng.permutation(np.array(free))[: PLANTED["poor photograph"]]:
        made, embedding[k], quality[k], width[k] = base.bad[int(k)]
        truth["poor photograph"].add(frozenset((str(t.sample_id[k]),)))
        how[str(t.sample_id[k])] = f"poor photograph {made}"
    whole = Templates(t.sample_id, name, embedding, quality, t.n_faces, t.pack, {"width_px": width})
    kept = np.setdiff1d(np.arange(len(t)), away)
    wrong = (name != t.subject_id) | np.isin(t.sample_id, np.array([*how], np.str_))
    return Planting(Gallery(whole.take(kept), name[kept]), t.take(away), truth, how, set(t.sample_id[wrong].tolist()))


def named(audit: GalleryAudit, kind: str) -> dict[frozenset[str], set[str]]:
    """What the findings of a kind name, and the samples that each shows."""
    found = {}
    for finding in audit.of_kind(kind):
        about = {"duplicate": finding.subjects, "mislabelled": finding.subjects[:1]}.get(kind, finding.drop)
        found[frozenset(about)] = set(finding.samples)
    return found


def hit(kind: str, planted_error: frozenset[str], finding: frozenset[str]) -> bool:
    """Whether a finding names a planted error."""
    return planted_error <= finding if kind == "duplicate" else planted_error == finding


def searched(planting: Planting, rng: np.random.Generator) -> Searched:
    """The strangers against the gallery, half of them to name hubs, at the threshold of an FPIR of 10 %."""
    comparisons = match(planting.strangers, planting.gallery)
    order = rng.permutation(len(comparisons))
    half = len(order) // 2
    threshold = open_set_curve(comparisons).threshold_at_fpir(FPIR).threshold
    return Searched(comparisons.take(np.sort(order[:half])), comparisons.take(np.sort(order[half:])), threshold)


class Tally:
    """Outcomes by line of the table, with the repeat of each."""

    def __init__(self) -> None:
        self._rows: dict[str, list[tuple[int, bool]]] = defaultdict(list)

    def add(self, line: str, repeat: int, good: bool) -> None:
        """Count one."""
        self._rows[line].append((repeat, good))

    def words(self, line: str) -> str:
        """A share with its interval."""
        rows = self._rows.get(line, [])
        if not rows:
            return "none"
        repeat, good = (np.array(side) for side in zip(*rows))
        people = PeopleTrials(np.unique(repeat, return_inverse=True)[1], "repeats")
        rate = rate_of(people, ~good.astype(bool), "missed")
        ends = rate.interval()
        low, high = (ends.low, ends.high) if ends.seen is None else ends.seen
        return f"{100 * (1 - rate.value):.0f} % [{100 * (1 - high):.0f}, {100 * (1 - low):.0f}] of {rate.trials:,}"


def measured(name: str, base: Watchlist, repeats: int, rng: np.random.Generator) -> None:
    """Print recall and precision of each kind."""
    recall, precision, anything, before = Tally(), Tally(), Tally(), defaultdict(list)
    saved, spent = [], 0.0
    known: dict[str, set[frozenset[str]]] = {}
    for repeat in range(repeats):
        planting = planted(base, rng)
        clean = audit_gallery(Gallery(base.templates, base.templates.subject_id)) if repeat == 0 else None
        if clean is not None:
            known = {kind: set(named(clean, kind)) for kind in KINDS}
        began = time.process_time()
        alone = audit_gallery(planting.gallery)
        spent += time.process_time() - began
        searches = audit_gallery(planting.gallery, searched(planting, rng))
        for audit, line in ((alone, "{}"), (searches, "{} with searches")):
            for kind in PLANTED if line == "{}" else ("hub",):
                found = named(audit, kind)
                new = [f for f in found if f not in known[kind] or f in planting.truth[kind]]
                before[line.format(kind)].append(len(found) - len(new))
                for error in planting.truth[kind]:
                    good = any(hit(kind, error, f) for f in found)
                    for how in {kind, planting.how.get(next(iter(error)), kind)}:
                        recall.add(line.format(how), repeat, good)
                for f in new:
                    right = any(hit(kind, error, f) for error in planting.truth[kind])
                    precision.add(line.format(kind), repeat, right)
                    anything.add(line.format(kind), repeat, right or bool(found[f] & planting.touched))
        if searches.hubs is not None:
            saved.append((searches.hubs.before.value, searches.hubs.saved.value, searches.hubs.in_sample.value))
    head = f"{name}: kind | recall | precision | names an error of any kind | said before planting"
    print(f"\n| {head} |\n| --- | --- | --- | --- | --- |")
    hubs = [f"hub {what}" for what in HUBS]
    lines = (*PLANTED, "poor photograph small", "poor photograph blurred", *hubs, "hub with searches")
    for line in (*lines, *(f"{hub} with searches" for hub in hubs)):
        said = f"{np.mean(before[line]):.1f} a repeat" if line in before else ""
        exact, any_kind = (tally.words(line) if line in before else "" for tally in (precision, anything))
        print(f"| {line} | {recall.words(line)} | {exact} | {any_kind} | {said} |")
    first, other, optimistic = np.mean(saved, axis=0)
    print(f"\nFPIR {first:.3f} with the hubs named by searches; without them {first - other:.3f} on other people"
          f" (saved {other:.3f}; on the people who named them {optimistic:.3f}).")  # fmt: skip
    print(f"Processor time of an audit: {1000 * spent / repeats:.0f} ms.")


def nothing_planted(name: str, base: Watchlist, repeats: int, rng: np.random.Generator) -> None:
    """Print how often parts of the watchlist with nothing planted have a finding."""
    print(f"\n| {name}, nothing planted: people | " + " | ".join(KINDS) + " |\n" + "| --- " * (len(KINDS) + 1) + "|")
    people = np.unique(base.templates.subject_id)
    for size in (20, 60, 200, 400):
        counts = defaultdict(list)
        for _ in range(repeats):
            chosen = rng.choice(people, size, replace=False)
            part = base.templates.take(np.isin(base.templates.subject_id, chosen))
            found = audit_gallery(Gallery(replace(part), chosen))
            for kind in KINDS:
                counts[kind].append(len(found.of_kind(kind)))
        shares = [f"{100 * np.mean(np.array(counts[kind]) > 0):.0f} % ({np.mean(counts[kind]):.2f})" for kind in KINDS]
        print(f"| {size} | " + " | ".join(shares) + " |")
    print("\nParts with a finding of the kind (mean number of findings).")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", choices=("synthetic", "congress"), default="synthetic")
    parser.add_argument("--repeats", type=int, default=40)
    given = parser.parse_args()
    rng = np.random.default_rng(20261122)
    base = watchlist(given.data, load_pack("scrfd-mbf", Runtime(workers=2)), rng)
    measured(given.data, base, given.repeats, rng)
    nothing_planted(given.data, base, given.repeats, rng)


if __name__ == "__main__":
    main()
