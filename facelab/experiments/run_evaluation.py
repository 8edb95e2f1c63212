"""`evaluate`: a scenario from footage to tuned config in one call, and `export` of what an earlier one found."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from facelab.experiments import chain, outbox
from facelab.experiments.chain import Chain, Stopwatch, Terminated, waves
from facelab.experiments.evaluation import Evaluation
from facelab.experiments.progress import Progress, Step, quiet
from facelab.experiments.pseudonyms import of_real_people, pseudonyms
from facelab.experiments.run_log import RunLog
from facelab.experiments.scenario import load_scenario
from facelab.experiments.store import tracking_uri
from facelab.experiments.study import open_study
from facelab.experiments.tracked_run import TrackedRun, run_name
from facelab.experiments.workspace import Workspace, open_workspace, read_json, write_json

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from facelab.deploy import TunedConfig
    from facelab.experiments.notebook_run import NotebookRun


def evaluate(
    scenario: str | Path,
    *,
    workspace: str | Path = "",
    overrides: Mapping[str, Any] | None = None,
    progress: Progress = quiet,
    timeout_s: float | None = None,
    accept_restriction: bool = False,
) -> Evaluation:
    """Run the chain of notebooks of a scenario, track it in MLflow, and give what came out.

    Parameters
    ----------
    scenario : str or Path
        A scenario file, or the name of one that facelab ships.
    workspace : str or Path
        The folder of the results; ``results/<scenario>`` under the project's root where it is empty.
    overrides : mapping, optional
        Settings by dotted name, as ``-p name=value`` gives them.
    progress : callable
        Told every `facelab.experiments.progress.Step`.
    timeout_s : float, optional
        The longest that one cell of a notebook may take.
    accept_restriction : bool
        The user's word that the pack's licence is accepted for operational use; recorded in the config.

    Raises
    ------
    BadInput
        The scenario, a setting, or something that it names cannot be used.
    NotMeasured
        Nothing could be measured: no face, a cell out of time, a dead kernel, another evaluation in the workspace. A
        store that cannot be used is no reason: what is found is kept, and `Evaluation.kept` says where.
    KeyboardInterrupt
        Ctrl-C; the run is marked KILLED, and what was computed stays in the cache.
    """
    chosen = load_scenario(scenario, overrides)
    if of_real_people(chosen):
        pseudonyms()  # a key that cannot be used is told now, not when all is measured
    place, watch = open_workspace(workspace, chosen.name), Stopwatch()
    with place.lock():
        _begin(place, chosen.model_dump(mode="json"))
        journal = _Journal(place)
        run = TrackedRun(chosen, place.folder / outbox.FOLDER, journal.made)
        journal.begin(run)
        links = Chain(
            place,
            {"scenario": str(place.scenario), "workspace": str(place.folder)},
            extra={chain.EXPORT: {"accept_restriction": accept_restriction}},
            run_id=lambda: run.id if run.ready else "",
            timeout_s=timeout_s,
            progress=journal.telling(progress),
        )
        journal.links = links
        try:
            _execute(links, run, watch)
            with watch.stage("mlflow"):
                found = _finished(run, Evaluation(chosen, place, {}, run.id, tracking_uri(), watch.seconds))
            progress(Step("mlflow", 1, 1, note=_kept_words(run), seconds=watch.stages["mlflow"]))
        except KeyboardInterrupt as error:
            _end(links, run, "KILLED", "SIGTERM" if isinstance(error, Terminated) else "Ctrl-C")
            raise
        except BaseException as error:
            _end(links, run, "FAILED", links.failure or f"{type(error).__name__}: {error}")
            raise
        finally:
            journal.ended()
    return replace(found, seconds=watch.seconds)


def export(
    scenario: str | Path = "demo",
    out: Path | None = None,
    *,
    workspace: str | Path = "",
    overrides: Mapping[str, Any] | None = None,
    accept_restriction: bool = False,
) -> TunedConfig:
    """The tuned config of a scenario whose comparisons are in its workspace (made where they are not).

    Parameters
    ----------
    scenario, workspace, overrides
        As for `evaluate`; ``export_target_fpir`` says whose threshold.
    out : Path, optional
        Where to write it besides the workspace.
    accept_restriction : bool
        As for `evaluate`.

    Raises
    ------
    NotMeasured
        No target was resolved, or the scenario has too few people for rates.
    """
    from facelab.deploy import write_tuned

    config = open_study(scenario, workspace=workspace, overrides=overrides).tuned(accept_restriction=accept_restriction)
    if out is not None:
        write_tuned(out, config)
    return config


def _begin(place: Workspace, settings: dict[str, Any]) -> None:
    """Clear what an earlier evaluation concluded, keep what a killed one came to, and write down the settings."""
    if place.run.is_file():
        _keep_killed(place)
    for path in (place.evaluation, place.points, place.tuned, place.report, place.curve, place.run, place.site_answer):
        path.unlink(missing_ok=True)
    for folder in (place.figures, place.notebooks):
        for path in folder.glob("*.*"):
            path.unlink()
    write_json(place.scenario, settings)


def _keep_killed(place: Workspace) -> None:
    """Keep the executed notebooks of an evaluation that was killed, for its run; the next run logs them first."""
    from facelab.experiments.run_record import log_notebook

    left = read_json(place.run)
    if left.get("status") != "RUNNING" or left.get("tracking_uri") != tracking_uri() or "record" not in left:
        return
    record = outbox.Record(str(left["experiment"]), place.folder / outbox.FOLDER, str(left["record"]))
    if record.folder.is_dir():
        return  # the store was down: everything is in there already
    log = RunLog(record.add)
    log.start(str(left["name"]), {})
    for path in sorted(place.notebooks.glob("*.ipynb")):
        with contextlib.suppress(ValueError):  # cut short
            log_notebook(log, path)
    at = str(left.get("at") or "")
    log.end("FAILED", f"{at}: {outbox.KILLED}" if at else outbox.KILLED)
    record.keep()


class _Journal:
    """``run.json``: which run the workspace's evaluation is and which cell it is at, for whoever finds it killed."""

    def __init__(self, place: Workspace) -> None:
        self.place = place
        self.links: Chain | None = None
        self._said: dict[str, Any] = {"run_id": "", "tracking_uri": tracking_uri(), "status": "RUNNING", "at": ""}

    def begin(self, run: TrackedRun) -> None:
        """The evaluation begins."""
        scenario = run.scenario
        self._said |= {"experiment": scenario.name, "name": run_name(scenario), "record": run.record.id}
        self._write()

    def made(self, run_id: str) -> None:
        """The run exists."""
        self._said |= {"run_id": run_id}
        self._write()

    def telling(self, progress: Progress) -> Progress:
        """`progress`, and the cell is written down before it runs."""

        def told(step: Step) -> None:
            if step.seconds is None and not step.note and self.links is not None:
                cells = {run.name: run.cell for run in self.links.runs}
                self._said |= {"at": f"{step.stage}, In [{cells.get(step.stage)}]"}
                self._write()
            progress(step)

        return told

    def ended(self) -> None:
        """The evaluation has ended, one way or another."""
        self._said |= {"status": "ENDED"}
        self._write()

    def _write(self) -> None:
        if "record" in self._said:
            write_json(self.place.run, self._said)


def _execute(links: Chain, run: TrackedRun, watch: Stopwatch) -> None:
    """Run the notebooks, and make and log the page of each while the next one runs."""
    from facelab.experiments.nested_runs import log_stage
    from facelab.experiments.run_record import log_notebook
    from facelab.report.notebook_page import notebook_page, read_notebook

    names = not of_real_people(run.scenario)

    def done(notebook: NotebookRun) -> None:
        watch.stages[notebook.name] = notebook.seconds
        page = notebook_page(read_notebook(notebook.output), notebook.name)
        notebook.output.with_suffix(".html").write_text(page, encoding="utf-8")
        log_notebook(run, notebook.output, names=names)
        log_stage(run, notebook)

    links.execute(waves(run.scenario), done)


def _finished(run: TrackedRun, started: Evaluation) -> Evaluation:
    """The evaluation with what was measured, its report written, logged, and its run ended."""
    from facelab.experiments.nested_runs import log_cameras
    from facelab.experiments.report import write_report
    from facelab.experiments.run_record import record

    place = started.workspace
    found = replace(started, measured=read_json(place.points))
    write_report(found)
    record(run, found)
    log_cameras(run, found)
    run.end("FINISHED")
    found = replace(found, kept=run.kept)
    write_json(place.evaluation, found.to_dict())
    return found


def _kept_words(run: TrackedRun) -> str:
    """What a person must know where the run could not be logged."""
    return f"{run.offline}; the run is kept, and `facelab log` logs it" if run.offline else ""


def _end(links: Chain, run: TrackedRun, status: str, reason: str) -> None:
    """End a run that found nothing, with the notebooks as far as they came."""
    from facelab.experiments.nested_runs import log_stage
    from facelab.experiments.run_record import log_notebook

    if run.failed:
        return
    for notebook in links.runs:
        if notebook.failure is not None and notebook.output.is_file():
            log_notebook(run, notebook.output, names=not of_real_people(run.scenario))
            log_stage(run, notebook)
    run.end(status, reason)
