"""What notebook 08 is written with: the two runs that it compares, its tables and its figures."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from facelab.errors import NotMeasured
from facelab.experiments.comparing_runs import RunComparison, compare_runs
from facelab.experiments.comparing_words import COLUMNS, LEVEL, comparison_cells, html_table
from facelab.experiments.scenario import load_scenario
from facelab.experiments.study import say
from facelab.experiments.workspace import Workspace, open_workspace

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from mlflow import MlflowClient

CHANGES = ("what", "name", "first", "second")
FOLDER = "comparison"


@dataclass(frozen=True, eq=False)
class ComparisonPage:
    """A comparison and the folder that its figures go to.

    Parameters
    ----------
    found : RunComparison
        What is shown.
    folder : Path
        Of its figures.
    """

    found: RunComparison
    folder: Path

    def changes(self) -> Any:
        """What changed between the runs, as a table; a sentence where nothing did."""
        rows = self.found.changes
        if not rows:
            return say("Nothing differs: the same settings, pack, data and code.")
        return html_table(CHANGES, [[row[name] for name in CHANGES] for row in rows])

    def rates(self) -> Any:
        """Both rates of both runs, as a table."""
        return html_table(COLUMNS, [comparison_cells(row, self.found.confidence) for row in self.found.rows])

    def det(self) -> Any:
        """Both DET curves as a saved figure."""
        from facelab.experiments.figures import saved_figure
        from facelab.plots.comparison import det_of_two

        found = self.found
        pair = next((row.found for row in found.rows if row.at.startswith("the same FPIR")), None)
        names = (f"first: {found.first.name}", f"second: {found.second.name}")
        ax = det_of_two(*found.curves, names=names, at_fpir=pair, target=found.target)
        return saved_figure(ax, self.folder, "det_of_two")

    def groups(self, rate: str) -> Any:
        """Differences of a rate by camera and group as a saved figure; a sentence where there are none."""
        from facelab.experiments.figures import saved_figure
        from facelab.plots.comparison import paired_differences

        tested = self.found.group_rows
        rows = [row for row in tested if row.rate == rate]
        if not rows:
            return say(f"No camera or group has two people with such a search: no {rate} to compare.")
        level = LEVEL / len(tested)
        shown = [row.test is not None and row.test.p_value < level for row in rows]
        ax = paired_differences([(row.of, row.found) for row in rows], rate=rate, shown=shown)
        return saved_figure(ax, self.folder, f"{rate.lower()}_differences")

    def group_table(self) -> Any:
        """The same as a table."""
        rows = [comparison_cells(row, self.found.confidence) for row in self.found.group_rows]
        return html_table(COLUMNS, rows)

    def disagreements(self, most: int = 30) -> Any:
        """The passages on which the runs disagree; the first `most` of them, the file has all."""
        frame = self.found.disagreement_frame()
        self.folder.mkdir(parents=True, exist_ok=True)
        frame.to_csv(self.folder / "disagreements.csv", index=False)
        return frame.head(most)


def open_comparison(
    scenario: str | Path = "demo",
    run_a: str = "",
    run_b: str = "",
    *,
    workspace: str | Path = "",
    overrides: Mapping[str, Any] | None = None,
    target_fpir: float | None = None,
    threshold: float | None = None,
) -> ComparisonPage:
    """The comparison that a notebook shows.

    Parameters
    ----------
    scenario : str or Path
        Whose runs.
    run_a, run_b : str
        Run ids or workspace folders. An empty `run_b` is the newest finished run of the scenario, an empty `run_a` the
        champion's run, or, without a champion or where the champion is `run_b`, the newest one before.
    workspace : str or Path
        Where figures go; ``results/<scenario>`` where it is empty.
    overrides : mapping, optional
        Settings of the scenario by dotted name; only its name is used.
    target_fpir, threshold : float, optional
        As for `compare_runs`.

    Raises
    ------
    NotMeasured
        There are fewer than two runs to compare.
    """
    from facelab.experiments.saved_run import open_run
    from facelab.experiments.store import open_store

    chosen = load_scenario(scenario, overrides)
    place: Workspace = open_workspace(workspace, chosen.name)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="IProgress not found")  # tqdm, which MLflow imports in a kernel
        client = open_store()
    names = newest_two(chosen.name, run_a, run_b, client)
    first, second = (open_run(name, client) for name in names)
    found = compare_runs(first, second, threshold=threshold, target=target_fpir)
    return ComparisonPage(found, place.folder / FOLDER)


def newest_two(scenario_name: str, run_a: str, run_b: str, client: MlflowClient) -> tuple[str, str]:
    """The ids of the two runs to compare; what is given stays.

    Raises
    ------
    NotMeasured
        There are not enough finished runs.
    """
    from facelab.experiments.gate_champion import champion_run
    from facelab.experiments.saved_run import finished_runs

    if run_a and run_b:
        return run_a, run_b
    known = [str(run.info.run_id) for run in finished_runs(scenario_name, client, most=20)]
    second = run_b or next((run for run in known if run != run_a), "")
    champion = champion_run(scenario_name, client)
    rest = known[known.index(second) + 1 :] if second in known else known
    first = run_a or (champion if champion and champion != second else next((run for run in rest if run != second), ""))
    if not first or not second:
        raise NotMeasured(
            f"{scenario_name}: a comparison takes two finished runs, there are {len(known)} in the store; evaluate the "
            "scenario with other settings, such as: facelab evaluate demo -p pack=sface"
        )
    return first, second
