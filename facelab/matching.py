"""Templates against a gallery: the comparisons, where the pipeline half ends and the statistics half begins.

The score is the cosine of two unit embeddings, s = <a, b>, in float32, higher is more alike; distances never appear.
The probe is the *passage*: of the several tracks of one passage the best score against each reference counts, and a
passage all of whose tracks failed is a row of NaN, counted as a failed acquisition.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from facelab.errors import BadInput
from facelab.pipeline.passages import Passages
from facelab.pipeline.scores import cosine
from facelab.types import Comparisons

if TYPE_CHECKING:
    from typing import Any

    from numpy.typing import NDArray

    from facelab.types import Floats, Gallery, Ints, Strings, Templates


def match(probes: Passages | Templates, gallery: Gallery, *, synthetic: bool = False) -> Comparisons:
    """Every probe against every reference of the gallery.

    Parameters
    ----------
    probes : Passages or Templates
        Who went past. Templates that have an attribute `passage` are grouped by it; without one each is its own probe.
    gallery : Gallery
        The watchlist, from the same pack.
    synthetic : bool
        True where any of the evidence was generated; passages of a generated footage say so themselves.

    Returns
    -------
    Comparisons
        One row a probe, in the order of their first template; one column a reference sample, failed ones (NaN) too.
        Probe attributes: those of the templates, with the earliest `start_s`, the latest `end_s`, the largest of other
        numbers, and `quality`, `n_faces` (pooled in all) and `fragments` (templates behind the row).

    Raises
    ------
    BadInput
        Probes and gallery come from different packs, or one passage has two subjects.

    Examples
    --------
    >>> import numpy as np
    >>> from facelab.types import Gallery, Templates
    >>> def of(ids, people, vectors): return Templates(ids, people, vectors, np.ones(2), np.ones(2), "pack")
    >>> people = of(["a/1", "b/1"], ["a", "b"], np.eye(2, 4))
    >>> comparisons = match(of(["p1", "p2"], ["a", ""], np.eye(2, 4)), Gallery(people, people.subject_id))
    >>> comparisons.score.tolist()
    [[1.0, 0.0], [0.0, 1.0]]
    """
    if isinstance(probes, Passages):
        synthetic = synthetic or probes.synthetic
        probes = probes.templates
    references = gallery.templates
    if len(probes) and len(references) and probes.pack != references.pack:
        raise BadInput(
            f"the probes come from pack {probes.pack[:12]!r} and the gallery from {references.pack[:12]!r}; scores of "
            "different packs mean nothing: enrol and track with the same one",
            place="match",
        )
    names = probes.attributes.get("passage", probes.sample_id).astype(np.str_)
    first, row = _groups(names)
    _refuse_two_subjects(names, probes.subject_id, first, row)
    score = best_of_rows(cosine(probes.embedding, references.embedding), row, len(first))
    return Comparisons(
        score=score,
        probe_id=names[first],
        probe_subject=probes.subject_id[first],
        reference_id=references.sample_id,
        reference_subject=references.subject_id,
        enrolled=gallery.enrolled,
        probe_attributes=_probe_attributes(probes, first, row),
        reference_attributes={"quality": references.quality} | dict(references.attributes),
        pack=probes.pack if len(probes) else references.pack,
        synthetic=synthetic,
    )


def best_of_rows(score: Floats, row: Ints, n: int) -> NDArray[np.float32]:
    """(n, r) the best of the rows of `score` (k, r) with the same number in `row` (k,); NaN where all are."""
    best = np.full((n, score.shape[1]), np.nan, np.float32)
    for k, target in enumerate(row):
        np.fmax(best[target], score[k], out=best[target])
    return best


def _groups(names: Strings) -> tuple[Ints, Ints]:
    """Where each distinct name stands first, in that order, and (k,) the group of each name."""
    _, first, group = np.unique(names, return_index=True, return_inverse=True)
    order = np.argsort(first)
    rank = np.empty_like(order)
    rank[order] = np.arange(len(order))
    return first[order], rank[group]


def _refuse_two_subjects(names: Strings, subjects: Strings, first: Ints, row: Ints) -> None:
    wrong = np.flatnonzero(subjects != subjects[first][row])
    if wrong.size:
        k = int(wrong[0])
        one, other = str(subjects[first][row][k]), str(subjects[k])
        raise BadInput(
            f"passage {str(names[k])!r} is {one!r} and {other!r}; a passage is one person",
            place="passage",
        )


def _probe_attributes(probes: Templates, first: Ints, row: Ints) -> dict[str, NDArray[Any]]:
    n = len(first)
    columns: dict[str, NDArray[Any]] = {"quality": _reduced(np.fmax, probes.quality, row, n)}
    columns["n_faces"] = np.bincount(row, weights=probes.n_faces, minlength=n).astype(np.int64)
    columns["fragments"] = np.bincount(row, weights=probes.n_faces > 0, minlength=n).astype(np.int64)
    for name, values in probes.attributes.items():
        if name == "passage":
            continue
        if np.issubdtype(values.dtype, np.number):
            columns[name] = _reduced(np.fmin if name == "start_s" else np.fmax, values, row, n)
        else:
            columns[name] = values[first]
    return columns


def _reduced(better: np.ufunc, values: NDArray[Any], row: Ints, n: int) -> NDArray[Any]:
    """(n,) the values of each group reduced by `better`, NaN only where all are."""
    out = np.full(n, np.nan)
    for k, target in enumerate(row):
        out[target] = better(out[target], values[k])
    return out.astype(values.dtype)
