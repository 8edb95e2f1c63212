"""`facelab label`: people proposed in footage that has no names, what reviewers said, and the rates under it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from facelab.cli.arguments import Json
from facelab.cli.output import answer_json, answer_table, message

if TYPE_CHECKING:
    from facelab.experiments.labelling import Labelling

app = typer.Typer(no_args_is_help=True, help="Names for footage that has none: propose, review, compare, apply.")
Scenario = Annotated[str, typer.Argument(help="A scenario: a YAML file, or the name of one that facelab ships.")]
Files = Annotated[list[Path], typer.Argument(help="Label files.")]
Labels = Annotated[
    list[Path] | None, typer.Option("--labels", help="A label file; repeatable; else labels.csv in the workspace.")
]
Overrides = Annotated[
    list[str] | None, typer.Option("-p", "--parameter", help="A setting as name=value, such as pack=edgeface.")
]
Workspace = Annotated[str, typer.Option("--workspace", help="Folder of the results; else results/<scenario>.")]
Ignore = Annotated[bool, typer.Option("--ignore-names", help="Take the footage as if it brought no names with it.")]
SHOWN = 10


@app.command()
def propose(
    scenario: Scenario,
    parameters: Overrides = None,
    workspace: Workspace = "",
    labels: Labels = None,
    ignore_names: Ignore = False,
    json: Json = False,
) -> None:
    """Group the passages into proposed people, and list what is asked first. Nothing is written.

    The answers are given in notebook 09 (`09_label_footage`), which shows the faces.

    Example: facelab label propose my_site.yml
    """
    from facelab.label.questions import by_kind, open_questions

    found = _labelling(scenario, parameters, workspace, labels, ignore_names)
    groups, asked = found.grounds.groups, open_questions(found.grounds, found.labels)
    told: list[dict[str, Any]] = [
        {"kind": one.kind, "passages": [str(found.material.sample_id[row]) for row in one.rows], "subject": one.subject}
        | {"probability": float(one.probability), "expected_change": float(one.priority), "reason": one.reason}
        for one in asked
    ]
    if json:
        people = {"passages": len(found.material), "people": len(groups), "several": int((groups.sizes > 1).sum())}
        rows = zip(groups.sample_id.tolist(), groups.group.tolist(), groups.certainty.tolist())
        members = [{"passage": name, "person": group, "certainty": sure} for name, group, sure in rows]
        answer_json(people | {"cut": groups.cut, "notes": groups.notes, "members": members, "questions": told})
        return
    message(groups.summary())
    for note in groups.notes:
        message(note)
    kinds = ", ".join(f"{n} {kind}" for kind, n in by_kind(asked).items())
    table = [
        (q["kind"], ", ".join(q["passages"][:3]), f"{q['expected_change']:.3g}", q["reason"]) for q in told[:SHOWN]
    ]
    answer_table(f"asked first ({kinds})", ("kind", "passages", "expected change", "why"), table)


@app.command()
def status(files: Files, json: Json = False) -> None:
    """What label files hold: answers by reviewer, undone ones, torn lines. No footage is needed.

    Example: facelab label status results/my_site/labels.csv
    """
    from collections import Counter

    from facelab.label.labelfile import read_answers

    told: list[dict[str, Any]] = []
    for path in files:
        answers = read_answers(path)
        for who in answers.reviewers:
            own = answers.of(who)
            said = Counter(answer.answer for answer in own.standing)
            undone = sum(answer.question == "undo" for answer in own.given)
            last = max(answer.time for answer in own.given)
            told.append({"file": str(path), "who": who, "said": dict(said), "undone": undone, "last": last})
        if answers.torn:
            message(f"{len(answers.torn)} torn lines are not counted: {', '.join(answers.torn[:3])}")
        if not answers.given:
            message(f"{path}: nothing was answered yet")
    if json:
        answer_json(told)
        return
    rows = [
        (t["file"], t["who"], *(t["said"].get(v, 0) for v in ("same", "different", "unsure")), t["undone"], t["last"])
        for t in told
    ]
    answer_table("answers", ("file", "who", "same", "different", "unsure", "undone", "last"), rows)


@app.command()
def agreement(
    files: Files,
    between: Annotated[
        list[str] | None, typer.Option("--between", help="Two reviewers by name, where more than two answered.")
    ] = None,
    confidence: Annotated[float, typer.Option(min=0.5, max=0.9999, help="Of the interval of kappa.")] = 0.95,
    json: Json = False,
) -> None:
    """Two reviewers compared: how often they agree, Cohen's kappa with its interval, and every dispute.

    Example: facelab label agreement ann.csv bob.csv
    """
    from facelab.errors import BadInput
    from facelab.label.agreement import agreement_of
    from facelab.label.labelfile import Answers, read_answers

    together = Answers(tuple(answer for path in files for answer in read_answers(path).given))
    names = tuple(between) if between else together.reviewers
    if len(names) != 2:
        known = ", ".join(together.reviewers) or "nobody"
        raise BadInput(f"two reviewers are compared, here are {known}: name two with --between", place="agreement")
    found = agreement_of(together.of(names[0]), together.of(names[1]))
    if json:
        answer_json(found.to_dict(confidence))
        return
    order = ("same", "different", "unsure")
    rows = [(said, *counts) for said, counts in zip(order, found.table.tolist())]
    answer_table(f"{names[0]} (rows) and {names[1]} (columns)", ("", *order), rows)
    print(found)
    for dispute in found.disputes:
        message(str(dispute))


@app.command()
def apply(
    scenario: Scenario,
    parameters: Overrides = None,
    workspace: Workspace = "",
    labels: Labels = None,
    ignore_names: Ignore = False,
    truth: Annotated[Path | None, typer.Option(help="Where the truth goes; else into the workspace.")] = None,
    unreviewed: Annotated[
        str, typer.Option(help="Whose the passages are that no answer concerns: proposed, strangers, or left-out.")
    ] = "proposed",
    disputed: Annotated[str, typer.Option(help="Answers that contradict each other: refuse, or leave-out.")] = "refuse",
    json: Json = False,
) -> None:
    """Turn labels into a truth that the chain evaluates, and measure FPIR and FNIR under these names.

    Example: facelab label apply my_site.yml --labels ann.csv --labels bob.csv --disputed leave-out
    """
    from facelab.label.labelfile import read_answers

    for path in labels or ():
        read_answers(path)  # a file that is named must be there
    found = _labelling(scenario, parameters, workspace, labels, ignore_names)
    kinds: dict[str, Any] = {"unreviewed": unreviewed.replace("-", " "), "disputed": disputed.replace("-", " ")}
    applied = found.apply(truth=truth, **kinds)
    point = None if found.grounds.scores is None else found.rates(applied)
    if json:
        answer_json(
            {
                "truth": str(applied.truth),
                "counts": applied.counts.to_dict(),
                "contradictions": [str(one) for one in applied.labels.contradictions],
                "lost": applied.labels.lost,
                "rates": None if point is None else point.to_dict(found.study.scenario.confidence),
            }
        )
        return
    for line in (*map(str, applied.labels.contradictions), *applied.labels.lost):
        message(line)
    print(applied.counts)
    if point is not None:
        _tell_rates(point, found.study.scenario.confidence)
    print(f"truth: {applied.truth}; on a scenario of files the chain takes it with -p footage.truth={applied.truth}")


def _tell_rates(point: Any, confidence: float) -> None:
    from facelab.cli.rates import rate_cell, tell_conditions

    told = [("FPIR", point.fpir.to_dict(confidence)), ("FNIR", point.fnir.to_dict(confidence))]
    rows = [(name, rate_cell(rate)) for name, rate in told]
    answer_table(f"under these names, at a threshold of {point.threshold:.4f}", ("", "rate"), rows)
    tell_conditions(told)


def _labelling(
    scenario: str, parameters: list[str] | None, workspace: str, labels: list[Path] | None, ignore: bool
) -> Labelling:
    from facelab.experiments.labelling import open_labelling
    from facelab.experiments.scenario import parse_overrides

    return open_labelling(
        scenario,
        workspace=workspace,
        overrides=parse_overrides(parameters or []),
        labels=labels or "",
        own_names="ignore" if ignore else "keep",
    )
