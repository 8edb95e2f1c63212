"""The README's example is run as it stands, on a small terminal; the commands that it names exist."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import matplotlib.pyplot as plt
import pytest
import typer

from facelab.cli.app import app
from facelab.config import TerminalFootage
from facelab.data.people import SyntheticPeople, default_people_folder
from facelab.data.terminal import render_terminal


@pytest.mark.models
@pytest.mark.slow
def test_ten_lines_lead_from_footage_to_an_operating_point(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    example = re.findall(r"```python\n(.*?)```", (root / "README.md").read_text(), flags=re.DOTALL)[0]
    assert len([line for line in example.splitlines() if line and not line.startswith("import")]) <= 10
    render_terminal(TerminalFootage(unknown=14, wanted=4), tmp_path / "terminal", workers=1)
    people = SyntheticPeople(default_people_folder())
    for subject, pictures in list(people.watchlist(5).items()):
        (tmp_path / "watchlist" / subject).mkdir(parents=True)
        for picture in pictures:
            shutil.copy(picture, tmp_path / "watchlist" / subject)
    monkeypatch.chdir(tmp_path)
    exec(compile(example, "README.md", "exec"), {})
    plt.close("all")
    said = capsys.readouterr().out
    assert "target FPIR 0.05" in said
    assert re.search(r"FPIR \d+/21 = ", said)


def test_every_command_of_the_readme_exists(root: Path) -> None:
    named = set(re.findall(r"facelab ([a-z]+(?:-[a-z]+)?)", (root / "README.md").read_text()))
    known = set(typer.main.get_command(app).commands)
    words = {"is", "itself", "library", "adds", "the"}
    assert named - words <= known
    assert {"evaluate", "verification", "identification", "packs"} <= named
