"""The memory of every process of a run over time: without what it shares with files, such as a worker's journal."""

from __future__ import annotations

import time
from typing import Dict, List, Tuple

from zevi_test.programs import Program, memory_bytes

from .run import FaultRun

_MIB = 1024 * 1024
_SECONDS_MIN = 60.0  # shorter lives have no slope


def slope(points: List[Tuple[float, float]]) -> float:
    """Of the line through the points with the least squares."""
    n = len(points)
    mean_x = sum(x for x, _ in points) / n
    mean_y = sum(y for _, y in points) / n
    over = sum((x - mean_x) * (y - mean_y) for x, y in points)
    under = sum((x - mean_x) ** 2 for x, _ in points)
    return over / under if under else 0.0


class MemoryWatch:
    def __init__(self) -> None:
        self._begin = time.monotonic()
        self._lives: Dict[Tuple[str, int], List[Tuple[float, float]]] = {}

    def sample(self, run: FaultRun) -> None:
        for name, program in run.programs_by_name():
            self._note(name, program)

    def _note(self, name: str, program: Program) -> None:
        try:
            held = memory_bytes(program.pid, "RssAnon") / _MIB
        except (OSError, ProcessLookupError):
            return
        self._lives.setdefault((name, program.pid), []).append((time.monotonic() - self._begin, held))

    def table(self) -> str:
        """A line for each life of more than a minute, with its slope over the second half, and one for each name's shorter lives."""
        lines = ["memory in MiB           seconds   first     max    last  per minute"]
        short: Dict[str, List[List[Tuple[float, float]]]] = {}
        for (name, pid), points in self._lives.items():
            seconds = points[-1][0] - points[0][0]
            if seconds < _SECONDS_MIN:
                short.setdefault(name.split("-")[0], []).append(points)
                continue
            half = points[len(points) // 2 :]
            held = [value for _, value in points]
            lines.append(
                f"{name} ({pid})".ljust(23)
                + f"{seconds:8.0f}{held[0]:8.1f}{max(held):8.1f}{held[-1]:8.1f}{60 * slope(half):+12.2f}"
            )
        for name, lives in short.items():
            most = [(points[0][0], max(value for _, value in points)) for points in lives]
            trend = f", from life to life {60 * slope(most):+.2f} per minute" if len(most) > 5 else ""
            lines.append(
                f"{name}: {len(lives)} lives of less than {_SECONDS_MIN:.0f} s, at most "
                f"{max(value for _, value in most):.1f}{trend}"
            )
        return "\n".join(lines)
