"""The tuned config of a study: its exported threshold with everything that it was measured on.

Where the scenario names its kind of site, the threshold is that of the site's answer, so that what the one page says is
what a deployment loads; `export_target_fpir` overrules it, and an answer that cannot tell leaves the choice to the
targets.
"""

from __future__ import annotations

import os
import subprocess
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING

import facelab
from facelab.deploy.export import (
    allowed_use,
    exported_point,
    pack_record,
    point_record,
    point_records,
    rate_record,
    scores_record,
    validity_record,
)
from facelab.deploy.records import (
    SYNTHETIC,
    EvidenceRecord,
    ExpectedRecord,
    FigureRecord,
    GroupRecord,
    MatchingRecord,
)
from facelab.deploy.tuned_config import TunedConfig
from facelab.errors import NotMeasured
from facelab.experiments.evidence import people_of
from facelab.experiments.workspace import project_root

if TYPE_CHECKING:
    from facelab.experiments.study import Study
    from facelab.report.site_answer import SiteAnswer
    from facelab.stats.points import OperatingPoint

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
    answer = _site_answer(study)
    answered = None if answer is None else answer.threshold
    if answered is None:
        point = exported_point(study.points, scenario.export_target_fpir)
    else:
        point = halves.report.at(answered)
    evidence, pack = study.evidence, study.pack
    synthetic = evidence.synthetic
    chosen = point_record(point, "target" if answered is None else "site", scenario.confidence)
    others = tuple(r for r in point_records(study.points, scenario.confidence) if r != chosen)
    created = datetime.now(UTC).replace(microsecond=0)
    return TunedConfig(
        created=created,
        title=scenario.title,
        threshold=point.threshold,
        camera_thresholds=_camera_thresholds(study),
        use=allowed_use(pack, synthetic=synthetic, restriction_accepted=accept_restriction),
        operating_point=chosen,
        validity=validity_record(
            evidence.enrolled,
            evidence.cameras,
            scenario.pipeline.quality,
            created,
            days=scenario.valid_days,
            trusted=_trusted(study),
        ),
        pack=pack_record(pack),
        pipeline=scenario.pipeline,
        matching=MatchingRecord(
            rank=scenario.rank,
            enrolled=evidence.enrolled,
            references=evidence.references,
            failed_to_enrol=evidence.failed_to_enrol,
        ),
        alerts=scenario.alerts,
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
            notes=(*scenario.notes, *_answer_notes(answer)),
            run_id=os.environ.get(RUN_VARIABLE) or None,
            facelab=facelab.__version__,
            commit=code_commit(),
        ),
        groups=_groups(study, point.threshold),
        expected=_expected(study, point),
        scores=scores_record(halves.report.searches),
        also_measured=others,
    )


def _site_answer(study: Study) -> SiteAnswer | None:
    """The answer to the site's question in the workspace; None where a target's threshold is to be exported."""
    from facelab.experiments.sites.kept import kept_answer

    wanted = study.scenario.site is not None and study.scenario.export_target_fpir is None
    return kept_answer(study.workspace) if wanted else None


def _answer_notes(answer: SiteAnswer | None) -> tuple[str, ...]:
    """What the one page says of its threshold, for the config's evidence; the rates beside it are those of passages."""
    if answer is None:
        return ()
    said = tuple(line.text for line in answer.under("Threshold"))
    return (*said, "The rates here are of single passages at that threshold; the site's own stand in its answer.")


def _trusted(study: Study) -> tuple[float | None, float | None]:
    """The narrowest face and the lowest quality that the study's pack was shown to be trusted with; None: not shown."""
    from facelab.experiments.face_trust import face_trust

    found = face_trust(study)
    return found.minimum_width_px, found.minimum_quality


def _camera_thresholds(study: Study) -> dict[str, float]:
    """Each camera's own threshold, where the scenario's alert rule asks for one; those that the data resolve."""
    if study.scenario.alerts.thresholds != "camera":
        return {}
    from facelab.experiments.camera_study import camera_study

    return dict(camera_study(study).by_camera)


def _groups(study: Study, threshold: float) -> tuple[GroupRecord, ...]:
    """The rates by group at `threshold`, with what the tests say."""
    from facelab.experiments.group_study import GroupStudy

    groups, confidence, said = GroupStudy(study, threshold), study.scenario.confidence, []
    for attribute in groups.groups:
        for name in ("FPIR", "FNIR"):
            found = groups.rates(attribute, name)
            if found is not None:
                rates = {group: rate_record(rate.to_dict(confidence)) for group, rate in found.rates.items()}
                said.append(GroupRecord(rate=name, attribute=attribute, groups=rates, finding=found.verdict()))
    return tuple(said)


def _expected(study: Study, point: OperatingPoint) -> ExpectedRecord | None:
    """What `point` means a day at the scenario's site; None where it says nothing of itself or a rate is missing."""
    from facelab.experiments.floor import site_of
    from facelab.stats.floor import workload_at

    floor, report, confidence = study.scenario.floor, study.halves.report, study.scenario.confidence
    if floor is None or not report.mated or not report.non_mated:
        return None
    found = workload_at(report, point.threshold, site_of(floor), confidence=confidence)
    return ExpectedRecord(
        passengers_a_day=floor.passengers_a_day,
        prevalence=floor.prevalence,
        cameras=floor.cameras,
        false_alerts_a_day=FigureRecord(**found.false_alerts_a_day.to_dict()),
        true_alerts_a_day=FigureRecord(**found.true_alerts_a_day.to_dict()),
        ppv=FigureRecord(**found.ppv.to_dict()),
        confidence=confidence,
        assumptions=floor.assumptions,
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
