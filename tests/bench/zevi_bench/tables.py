"""Tables, on a screen and on a page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Dict, List, Sequence


@dataclass
class Table:
    title: str
    #: The head first.
    rows: Sequence[Sequence[str]]
    #: Whether all but the first column are figures.
    of_figures: bool = True

    def as_text(self) -> str:
        widths = [max(map(len, column)) for column in zip(*self.rows)]
        lines = [
            "  ".join(cell.rjust(width) if i else cell.ljust(width) for i, (cell, width) in enumerate(zip(row, widths)))
            for row in self.rows
        ]
        return "\n".join([self.title, *lines])

    def as_markdown(self) -> str:
        head, *rows = self.rows
        lines: List[Sequence[str]] = [head, ["---", *("---:" if self.of_figures else "---" for _ in head[1:])], *rows]
        title = [f"**{self.title}**", ""] if self.title else []
        return "\n".join([*title, *("| " + " | ".join(line) + " |" for line in lines)])


def times(ratio: float) -> str:
    """How many times as much something is."""
    return f"{ratio:.2f}x" if ratio < 10 else f"{ratio:,.1f}x"


def machine_line(machine: Dict[str, Any]) -> str:
    return f"{machine['cores']} cores of {machine['processor']}"
