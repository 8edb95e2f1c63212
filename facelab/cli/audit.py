"""`facelab audit`, `decide`, `apply-decisions`: what is wrong with a watchlist, what a person says of it, doing so.

A gallery is a parquet file or an encrypted watchlist (a folder; its key as for ``facelab watchlist``).
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from facelab.cli.arguments import Json, PackName, path_or_name
from facelab.cli.output import answer_json, answer_table, message

if TYPE_CHECKING:
    from facelab.experiments.gallery_audit import GalleryAudit, Searched
    from facelab.types import Gallery

GalleryPath = Annotated[Path, typer.Argument(help="A gallery (parquet), or an encrypted watchlist (folder).")]
KeyFile = Annotated[Path | None, typer.Option("--key-file", help="The key of an encrypted watchlist.")]
Decisions = Annotated[Path, typer.Argument(help="The decisions file (JSON Lines).")]


def audit(
    gallery: GalleryPath,
    comparisons: Annotated[Path | None, typer.Option(help="Searches of this gallery (comparisons.parquet).")] = None,
    threshold: Annotated[float | None, typer.Option(help="The threshold to judge them at.")] = None,
    passages: Annotated[float | None, typer.Option("--passages-a-day", help="For false alerts a day.")] = None,
    photographs: Annotated[Path | None, typer.Option(help="What was enrolled: says why a photo is poor.")] = None,
    pictures: Annotated[Path | None, typer.Option(help="A folder for pictures of the findings; needs --show.")] = None,
    show: Annotated[bool, typer.Option("--show", help="The people of --pictures may be shown.")] = False,
    decisions: Annotated[Path | None, typer.Option(help="Decisions made before.")] = None,
    pack: PackName = "scrfd-mbf",
    key_file: KeyFile = None,
    seed: Annotated[int, typer.Option(help="Of the split of the probe people.")] = 1,
    json: Json = False,
) -> None:  # fmt: skip
    """What is wrong with a watchlist: duplicates, mislabelled samples, hubs, poor photographs, near neighbours.

    Example: facelab audit gallery.parquet --comparisons comparisons.parquet --threshold 0.31 --passages-a-day 30000
    """
    from facelab.experiments.gallery_audit import audit_gallery
    from facelab.gallery.audit.decisions import read_decisions

    whole, _ = _opened(gallery, key_file)
    searched = _searched(whole, comparisons, threshold, passages, seed)
    made = () if decisions is None else read_decisions(decisions)
    found = audit_gallery(whole, searched, decisions=made)
    if photographs is not None:
        found = _looked_at(found, whole, searched, (photographs, pack), made)
        if pictures is not None:
            _write_pictures(found, photographs, pictures, show)
    if json:
        answer_json(found.to_dict())
        return
    rows = [
        (f.id, ", ".join(f.subjects), f.why, f.odds, "" if f.saving is None else f"{f.saving.value:.2g}",
         f.recommended if f.decision is None else f"decided: {f.decision.action}")
        for f in found.findings
    ]  # fmt: skip
    answer_table(str(found), ("finding", "of whom", "what", "how unusual", "FPIR saved", "recommended"), rows)
    for sentence in found.sentences()[1:]:
        message(sentence)


def decide(
    gallery: GalleryPath,
    decisions: Decisions,
    action: Annotated[str, typer.Argument(help="remove, merge, move, keep or re-photograph.")],
    why: Annotated[str, typer.Option(help="The reason; it is kept.")],
    sample: Annotated[list[str] | None, typer.Option(help="A sample; may be repeated.")] = None,
    subject: Annotated[list[str] | None, typer.Option(help="A subject; may be repeated.")] = None,
    into: Annotated[str, typer.Option(help="The name that is kept, or that the samples belong to.")] = "",
    finding: Annotated[str, typer.Option(help="The finding that this answers.")] = "",
    who: Annotated[str | None, typer.Option(help="Who decides; by default you.")] = None,
    key_file: KeyFile = None,
    json: Json = False,
) -> None:  # fmt: skip
    """Write down what is to be done about references of a watchlist: who, when and why. Nothing is changed yet.

    Example: facelab decide gallery.parquet decisions.jsonl remove --sample p07/2.jpg --why "not him"
    """
    from facelab.errors import BadInput
    from facelab.gallery.audit.decisions import ACTIONS, add_decision, new_decision

    if action not in ACTIONS:
        raise BadInput(f"an action is one of {', '.join(ACTIONS)}, not {action!r}", place="action")
    made = new_decision(
        _opened(gallery, key_file)[0], action, why=why, samples=sample or (), subjects=subject or (),  # type: ignore[arg-type]  # checked above
        into=into, who=who, finding=finding,
    )  # fmt: skip
    add_decision(decisions, made)
    answer_json(made.model_dump(mode="json")) if json else message(made.sentence())


def apply_decisions(
    gallery: GalleryPath,
    decisions: Decisions,
    out: Annotated[Path | None, typer.Option(help="Where the changed gallery goes; by default in its place.")] = None,
    key_file: KeyFile = None,
    json: Json = False,
) -> None:
    """Apply decisions to a watchlist. Again changes nothing; what no longer exists is told.

    Example: facelab apply-decisions gallery.parquet decisions.jsonl
    """
    from facelab.errors import BadInput
    from facelab.gallery.audit.applying import applied, applied_before, apply_to_vault, record_applied
    from facelab.gallery.audit.decisions import read_decisions
    from facelab.pipeline import tables

    if not decisions.is_file():
        raise BadInput("there is no such decisions file", place=str(decisions))
    made, before = read_decisions(decisions), applied_before(decisions)
    if gallery.is_dir():
        if out is not None:
            raise BadInput("an encrypted watchlist is changed in its place", place="--out")
        from facelab.gallery import Vault, vault_key

        result = apply_to_vault(Vault(gallery, vault_key(key_file)), made, before=before)
    else:
        whole, settings = _opened(gallery, key_file)
        result = applied(whole, made, before=before)
        if result.changed or out is not None:
            tables.write_gallery(out or gallery, result.gallery, settings=settings)  # type: ignore[arg-type]  # or None
    record_applied(decisions, result, str(out or gallery))
    if json:
        rows = [{"decision": o.decision.id, "action": o.decision.action, "result": o.result, "words": o.words}
                for o in result.outcomes]  # fmt: skip
        answer_json({"changed": result.changed, "outcomes": rows})
        return
    for outcome in result.outcomes:
        message(outcome.sentence())
    message("the watchlist was changed" if result.changed else "nothing was changed")


def _opened(path: Path, key_file: Path | None) -> tuple[Gallery, object]:
    """The gallery at `path`, and the settings that it was made with."""
    from facelab.config import PipelineSettings
    from facelab.gallery import Vault, vault_key
    from facelab.pipeline import tables

    if path.is_dir():
        return Vault(path, vault_key(key_file)).gallery("audit"), None
    said = tables.provenance(path)["settings"] if path.exists() else None
    return tables.read_gallery(path), None if said is None else PipelineSettings.model_validate(said)


def _searched(
    gallery: Gallery, comparisons: Path | None, threshold: float | None, passages: float | None, seed: int
) -> Searched | None:
    import numpy as np

    from facelab.errors import BadInput
    from facelab.experiments.gallery_audit import Searched
    from facelab.pipeline import tables
    from facelab.stats.thresholds import split_probes
    from facelab.stats.workload import Site

    if comparisons is None:
        return None
    if threshold is None:
        raise BadInput("searches are judged at a threshold: give one", place="--threshold")
    found = tables.read_comparisons(comparisons)
    if not np.isin(found.reference_id, gallery.templates.sample_id).any():
        raise BadInput("these searches are of another gallery: no reference is in both", place=str(comparisons))
    select, report = split_probes(found, 0.5, np.random.default_rng(seed))
    site = None if passages is None else Site(passages, 0.0)
    return Searched(select, report, threshold, site=site)


def _looked_at(
    found: GalleryAudit, gallery: Gallery, searched: Searched | None, where: tuple[Path, str], made: tuple[object, ...]
) -> GalleryAudit:
    """The audit again with what the poor photographs are like."""
    from facelab.data.photographs import read_photographs
    from facelab.experiments.gallery_audit import audit_gallery
    from facelab.gallery.audit.measures import photograph_measures
    from facelab.pipeline.packs import load_pack

    poor = {sample for finding in found.of_kind("poor photograph") for sample in finding.samples}
    photographs = [p for p in read_photographs(where[0]).photographs if p.sample_id in poor]
    if not photographs:
        return found
    measures = photograph_measures(photographs, load_pack(path_or_name(where[1])))
    return audit_gallery(gallery, searched, decisions=made, measures=measures)  # type: ignore[arg-type]  # decisions


def _write_pictures(found: GalleryAudit, photographs: Path, folder: Path, show: bool) -> None:
    from facelab.data.photographs import read_photographs
    from facelab.experiments.gallery_audit.pictures import write_pictures

    written = write_pictures(found, read_photographs(photographs), folder, "always" if show else "never")
    message(f"{len(written):,} pictures of real people may be in {folder}: delete them when they were looked at")


def register(parent: typer.Typer) -> None:
    """Add these commands to the `facelab` command."""
    parent.command()(audit)
    parent.command()(decide)
    parent.command("apply-decisions")(apply_decisions)
