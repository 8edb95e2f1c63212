"""The tuned config of a study: its exported threshold with everything that it was measured on."""

from __future__ import annotations

import os
import subprocess
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING

import facelab
from facelab.deploy.export import allowed_use, exported_point, pack_record, point_record, point_records
from facelab.deploy.tuned_config import SYNTHETIC, EvidenceRecord, MatchingRecord, TunedConfig
from facelab.errors import NotMeasured
from facelab.experiments.evidence import people_of
from facelab.experiments.workspace import project_root

if TYPE_CHECKING:
    from facelab.experiments.study import Study

RUN_VARIABLE = "MLFLOW_RUN_ID"


def tuned_config(study: Study, *, accept_restriction: bool = False) -> TunedConfig:
    """The tuned config of `study`.

    Raises
    ------
    NotMeasured
        There are too few people to tune a threshold on, or no target was resolved.
    """
    scenario, halves = study.scenario, study.halves
    if halves.select is None:
        raise NotMeasured(f"{scenario.name}: too few people for rates (counts_only), so no threshold is tuned on them")
    point = exported_point(study.points, scenario.export_target_fpir)
    evidence, pack = study.evidence, study.pack
    synthetic = evidence.synthetic
    chosen = point_record(point, "target", scenario.confidence)
    others = tuple(r for r in point_records(study.points, scenario.confidence) if r != chosen)
    return TunedConfig(
        created=datetime.now(UTC).replace(microsecond=0),
        title=scenario.title,
        threshold=point.threshold,
        use=allowed_use(pack, synthetic=synthetic, restriction_accepted=accept_restriction),
        operating_point=chosen,
        pack=pack_record(pack),
        pipeline=scenario.pipeline,
        matching=MatchingRecord(
            rank=scenario.rank,
            enrolled=evidence.enrolled,
            references=evidence.references,
            failed_to_enrol=evidence.failed_to_enrol,
        ),
        evidence=EvidenceRecord(
            kind="synthetic" if synthetic else "real",
            statement=SYNTHETIC if synthetic else "real footage",
            scenario=scenario.name,
            footage=evidence.footage,
            footage_digest=evidence.footage_digest,
            watchlist_digest=evidence.watchlist_digest,
            cameras=evidence.cameras,
            chosen_on=people_of(halves.select),
            reported_on=people_of(halves.report),
            select_share=scenario.select_share,
            split_seed=scenario.split_seed,
            notes=scenario.notes,
            run_id=os.environ.get(RUN_VARIABLE) or None,
            facelab=facelab.__version__,
            commit=code_commit(),
        ),
        also_measured=others,
    )


@cache
def code_commit() -> str | None:
    """The git commit of the project, with ``+`` where files differ from it; None outside of a clone."""
    root = project_root()
    if not (root / ".git").exists():
        return None
    try:
        commit = _git("rev-parse", "HEAD")
        return commit + ("+" if _git("status", "--porcelain", "--untracked-files=no") else "")
    except (OSError, subprocess.SubprocessError):
        return None


def _git(*arguments: str) -> str:
    command = ["git", "-C", str(project_root()), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=20).stdout.strip()
