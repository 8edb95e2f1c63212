"""What commands say: the answer goes to stdout, progress and messages go to stderr.

With ``--json`` the answer is one JSON document. A number that is infinite or not a number is null there.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from typing import Any

from facelab.plain import plain


def message(text: str) -> None:
    """Tell the person at the terminal something that is not the answer."""
    print(f"facelab: {text}\n", end="", file=sys.stderr, flush=True)  # in one piece: several threads may tell at once


def answer_json(value: Any) -> None:
    """Print `value` as the machine-readable answer."""
    print(json.dumps(plain(value), indent=2, allow_nan=False), flush=True)


def answer_table(title: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Print rows as a table; numbers stand to the right."""
    from rich import box
    from rich.console import Console
    from rich.table import Table

    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD)
    rows = [[str(cell) for cell in row] for row in rows]
    for index, column in enumerate(columns):
        numbers = all(_is_number(row[index]) for row in rows)
        table.add_column(column, justify="right" if numbers and rows else "left", overflow="fold")
    for row in rows:
        table.add_row(*row)
    console = Console(width=None if sys.stdout.isatty() else 160, soft_wrap=False, markup=False)
    console.print(table)


def _is_number(text: str) -> bool:
    """Whether a cell starts as a number does (or says that there is none)."""
    return text[:1].isdigit() or text[:1] in "-.–<" or text == ""
