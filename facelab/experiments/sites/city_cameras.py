"""The cameras of the whole city: the rendered ones, and the others, each of which stands on one that was rendered.

A camera that was not rendered has its own traffic and its own share of wanted people, both drawn with the spread that
the site states, and the scores of the rendered camera that it stands on. For the spread between cameras its people are
drawn anew from those who passed there, with replacement, person by person. What that cannot show: how two cameras of
one kind differ (their light, height and crowd), people whom the rendered camera never saw, and one person's way past
them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from facelab.data.terminal import site_of_camera
from facelab.errors import BadInput, NotMeasured
from facelab.stats.openset import OpenSetCurve

if TYPE_CHECKING:
    from collections.abc import Mapping

    from facelab.config_sites import CitySite
    from facelab.stats.searches import Searches
    from facelab.types import Bools, Floats, Strings

PLAZA = "toll"


@dataclass(frozen=True)
class CityCamera:
    """One camera of the city.

    Parameters
    ----------
    name : str
        Of a rendered camera, or of that with a number.
    stands_on : str
        The rendered camera whose searches it has.
    passages, prevalence : float
        A day; share of them by enrolled people.
    """

    name: str
    stands_on: str
    passages: float
    prevalence: float

    @property
    def rendered(self) -> bool:
        """Whether it was rendered itself."""
        return self.name == self.stands_on


def kind_of(camera: str) -> str:
    """``toll`` or the kind of place of a rendered camera; ``street`` where it is not one of those."""
    try:
        return str(site_of_camera(camera).kind)
    except (BadInput, KeyError):
        return "street"


def city_cameras(rendered: Strings, site: CitySite) -> tuple[CityCamera, ...]:
    """The cameras of `site`, the `rendered` ones first; volumes and prevalences have the site's means."""
    names = sorted(set(rendered.tolist()))
    plazas = [name for name in names if kind_of(name) == PLAZA]
    streets = [name for name in names if kind_of(name) != PLAZA]
    wanted = {True: min(site.plazas, site.cameras) if streets else site.cameras, False: 0}
    wanted[True] = wanted[True] if plazas else 0
    wanted[False] = site.cameras - wanted[True]
    stands: list[tuple[str, str]] = []
    for own, kind in ((streets, False), (plazas, True)):
        stands += [(_numbered(own, i), own[i % len(own)]) for i in range(wanted[kind])]
    rng = np.random.default_rng(site.seed)
    volume = _spread(rng, len(stands), site.volume_spread)
    volume *= site.passages_a_camera_a_day / volume.mean()
    share = _spread(rng, len(stands), site.prevalence_spread)
    share *= site.prevalence * volume.sum() / (share * volume).sum()
    rows = zip(stands, volume.tolist(), np.minimum(share, 1.0).tolist(), strict=True)
    return tuple(CityCamera(name, base, passages, prevalence) for (name, base), passages, prevalence in rows)


def _numbered(names: list[str], i: int) -> str:
    """The rendered names themselves first, then with a number."""
    return names[i] if i < len(names) else f"{names[i % len(names)]}/{i // len(names) + 1}"


def _spread(rng: np.random.Generator, n: int, sd: float) -> Floats:
    return np.exp(sd * rng.standard_normal(n) - sd**2 / 2)


def curves_by_camera(found: Searches, camera: Strings, rank: int) -> dict[str, OpenSetCurve]:
    """The error curve of each rendered camera; of all together where a camera lacks one kind of search.

    Raises
    ------
    NotMeasured
        There are searches of one kind only.
    """
    whole = OpenSetCurve(found, rank)
    if not whole.mated or not whole.non_mated:
        raise NotMeasured("searches of strangers and of enrolled people are needed, and one kind is missing")
    curves = {}
    for name in np.unique(camera).tolist():
        own = OpenSetCurve(found.take(camera == name), rank)
        curves[name] = own if own.mated and own.non_mated else whole
    return curves


def resampled_fpir(
    cameras: tuple[CityCamera, ...], curves: Mapping[str, OpenSetCurve], threshold: float, rng: np.random.Generator
) -> Floats:
    """(c,) FPIR of each camera at one threshold; of one that was not rendered, on people drawn anew."""
    rates = np.empty(len(cameras))
    for c, camera in enumerate(cameras):
        found = curves[camera.stands_on].searches
        strangers = ~found.mated
        people, own = np.unique(found.person[strangers], return_inverse=True)
        alarmed = found.other_score[strangers] >= threshold
        times = np.ones(len(people)) if camera.rendered else np.bincount(
            rng.integers(len(people), size=len(people)), minlength=len(people)
        )  # fmt: skip
        weight = times[own]
        rates[c] = float((weight * alarmed).sum() / weight.sum()) if weight.sum() else np.nan
    return rates


def any_of_cameras(found: Searches, threshold: float) -> list[tuple[int, int, float]]:
    """How often a stranger is alarmed at all who passes c cameras: (c, people who passed so many, share).

    Of a person with m passages, h of them alarmed, a random c hold none with C(m - h, c) / C(m, c).
    """
    from scipy.special import gammaln

    rows = ~found.mated
    person = np.unique(found.person[rows], return_inverse=True)[1]
    m = np.bincount(person).astype(float)
    h = np.bincount(person, weights=found.other_score[rows] >= threshold)
    out = []
    for c in range(1, int(m.max(initial=0)) + 1):
        far = m >= c
        free = m[far] - h[far]
        none = np.exp(
            gammaln(free + 1) - gammaln(np.maximum(free - c, 0) + 1) - gammaln(m[far] + 1) + gammaln(m[far] - c + 1)
        )
        out.append((c, int(far.sum()), float(1 - np.where(free >= c, none, 0.0).mean())))
    return out


def of_kind(camera: Strings, kind: str) -> Bools:
    """(p,) whether each passage is at a camera of this kind."""
    return np.asarray([kind_of(name) == kind for name in camera.tolist()], dtype=bool)
