"""The folder of one evaluation: known names for everything that its notebooks read and write.

By default ``results/<scenario>`` under the project's root, which git ignores: it holds templates, which are biometric
data. Files appear whole or not at all (written beside and renamed). One evaluation at a time: a lock says whose.
"""

from __future__ import annotations

import contextlib
import json
import os
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import facelab
from facelab.errors import BadInput, NotMeasured

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT_VARIABLE = "FACELAB_ROOT"


def project_root() -> Path:
    """The project's root: ``FACELAB_ROOT``, else the checkout that facelab runs from, else the working directory."""
    named = os.environ.get(ROOT_VARIABLE)
    if named:
        return Path(named).resolve()
    checkout = Path(facelab.__file__).resolve().parent.parent
    return checkout if (checkout / "notebooks").is_dir() else Path.cwd()


@dataclass(frozen=True)
class Workspace:
    """The folder of one evaluation, and the names in it."""

    folder: Path

    @property
    def scenario(self) -> Path:
        """The scenario as it was evaluated, overrides included."""
        return self.folder / "scenario.json"

    @property
    def footage(self) -> Path:
        """Rendered footage, where the scenario's is synthetic."""
        return self.folder / "footage"

    @property
    def tracks(self) -> Path:
        """One row an observation of a face."""
        return self.folder / "tracks.parquet"

    @property
    def passages(self) -> Path:
        """One template a passage (biometric data)."""
        return self.folder / "passages.parquet"

    @property
    def gallery(self) -> Path:
        """The watchlist as enrolled (biometric data)."""
        return self.folder / "gallery.parquet"

    @property
    def comparisons(self) -> Path:
        """Every passage against every reference: scores, no templates."""
        return self.folder / "comparisons.parquet"

    @property
    def evidence(self) -> Path:
        """What the comparisons were made from, by digest and by count."""
        return self.folder / "evidence.json"

    @property
    def curve(self) -> Path:
        """FPIR and FNIR with their intervals at every threshold that counts, on the reporting half."""
        return self.folder / "curve.csv"

    @property
    def points(self) -> Path:
        """The operating points."""
        return self.folder / "operating_points.json"

    @property
    def tuned(self) -> Path:
        """The tuned config."""
        return self.folder / "tuned.json"

    @property
    def card(self) -> Path:
        """What the tuned config says, for a person, in Markdown."""
        return self.folder / "card.md"

    @property
    def card_page(self) -> Path:
        """The same as a page."""
        return self.folder / "card.html"

    @property
    def figures(self) -> Path:
        """Figures, as PNG and SVG."""
        return self.folder / "figures"

    @property
    def notebooks(self) -> Path:
        """The executed notebooks and their HTML pages."""
        return self.folder / "notebooks"

    @property
    def report(self) -> Path:
        """The page that sums up the evaluation."""
        return self.folder / "report.html"

    @property
    def evaluation(self) -> Path:
        """The evaluation in JSON."""
        return self.folder / "evaluation.json"

    @property
    def site_answer(self) -> Path:
        """What the scenario's kind of site is told, in JSON."""
        return self.folder / "site_answer.json"

    @property
    def run(self) -> Path:
        """Which MLflow run this folder's evaluation is."""
        return self.folder / "run.json"

    @contextlib.contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the folder for one evaluation.

        Raises
        ------
        NotMeasured
            Another process holds it.
        """
        from filelock import FileLock, Timeout

        self.folder.mkdir(parents=True, exist_ok=True)
        lock, owner = FileLock(self.folder / ".lock", timeout=0), self.folder / ".lock-owner"
        try:
            lock.acquire()
        except Timeout:
            who = owner.read_text(encoding="utf-8") if owner.exists() else "unknown"
            raise NotMeasured(f"{self.folder}: another evaluation (process {who}) is running here") from None
        try:
            owner.write_text(str(os.getpid()), encoding="utf-8")
            yield
        finally:
            owner.unlink(missing_ok=True)
            lock.release()


def open_workspace(folder: str | Path, scenario_name: str) -> Workspace:
    """The workspace in `folder`, or in ``results/<scenario_name>`` under the project's root where `folder` is empty.

    Raises
    ------
    BadInput
        The folder is a file, or lies in ``mlruns`` (which must never hold templates).
    """
    path = project_root() / "results" / scenario_name if str(folder) == "" else Path(folder).resolve()
    if path.exists() and not path.is_dir():
        raise BadInput("a workspace is a folder, this is a file", place=str(path))
    if path.is_relative_to(project_root() / "mlruns"):
        raise BadInput("a workspace holds templates, and mlruns must never hold any", place=str(path))
    path.mkdir(parents=True, exist_ok=True)
    return Workspace(path)


@contextlib.contextmanager
def written_whole(path: Path) -> Iterator[Path]:
    """A name to write to, which becomes `path` when the block ends well and disappears when it does not."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{uuid.uuid4().hex}{path.suffix}")
    try:
        yield beside
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def write_json(path: Path, value: Any) -> None:
    """`value` as JSON at `path`, whole or not at all; what is not finite is refused."""
    text = json.dumps(value, indent=2, allow_nan=False, ensure_ascii=False)
    with written_whole(path) as beside:
        beside.write_text(text + "\n", encoding="utf-8")


def read_json(path: Path) -> Any:
    """The JSON value in the file at `path`.

    Raises
    ------
    BadInput
        The file is missing, truncated, or no JSON.
    """
    if not path.is_file():
        raise BadInput("there is no such file", place=str(path))
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError):
        raise BadInput("the file is no JSON; was it cut short or edited?", place=str(path)) from None
