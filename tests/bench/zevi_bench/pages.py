"""docs/performance.md: its tables, between markers that name them, and its chart.

    <!-- measured: NAME -->     what was measured of NAME: a kind, `goals` or `machine`
    <!-- end of NAME -->
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Dict

from .chart import chart
from .goals import goals
from .kinds import kinds
from .processes import BenchError
from .tables import machine_line

docs = Path(__file__).resolve().parents[3] / "docs"
_block = re.compile(r"(<!-- measured: (\w+) -->\n).*?(<!-- end of \2 -->)", re.DOTALL)


def _content(name: str, report: Dict[str, Any]) -> str:
    if name == "machine":
        return f"Measured on {machine_line(report['machine'])}, {report['date']}."
    if name == "goals":
        return goals(report).as_markdown()
    kind = next((kind for kind in kinds if kind.name == name), None)
    if kind is None:
        raise BenchError(f"performance.md marks a place for {name}, which nobody measures; correct the marker")
    if name not in report:
        return "Not measured."
    said = kind.legend(report[name])
    return "\n\n".join([said[0].upper() + said[1:] + ".", *(table.as_markdown() for table in kind.tables(report[name]))])


def write(report: Dict[str, Any], directory: Path) -> None:
    """Rewrites the page and its chart in `directory`."""
    page = directory / "performance.md"
    try:
        text = page.read_text()
    except OSError as error:
        raise BenchError(f"option --into: cannot read {page}: {error.strerror}; name the directory it lies in") from error
    page.write_text(_block.sub(lambda found: f"{found[1]}{_content(found[2], report)}\n{found[3]}", text))
    picture = directory / "performance.svg"
    picture.write_text(chart(report))
    missing = [kind.name for kind in kinds if kind.name not in report]
    print(f"wrote {page} and {picture}" + (f"; not measured: {', '.join(missing)}" if missing else ""))
