"""The buses that `zevi bridge` is tested with. `test_bridge_contract.py` holds what every bus has to keep.

To test another bus, write a class like these, with the real server behind it, and add it to `buses`.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Callable, Dict, List

from zevi_test import Program


class Bus:
    """A bus with its server. What it takes is given to `zevi bridge to URL` by `arguments`."""

    #: Whether events that are sent twice appear once.
    knows_repeats = False
    #: Whether there is a server that can be killed.
    has_server = True

    def __init__(self, directory: Path, run_program: Callable[..., Program]) -> None:
        self.directory = directory
        self.run_program = run_program

    def arguments(self) -> List[str]:
        """The URL, and the options that this bus needs."""
        raise NotImplementedError

    def start(self) -> None:
        """Starts the server, with what an earlier one had stored; returns when it takes connections."""

    def kill(self) -> None:
        """Ends the server without a chance to do anything."""

    def payloads(self) -> List[Dict[str, Any]]:
        """What has arrived so far, in the order of arrival."""
        raise NotImplementedError

    def close(self) -> None:
        """Gives back what the class itself holds; programs end by themselves."""


def _whole_lines(path: Path) -> List[Dict[str, Any]]:
    content = path.read_bytes() if path.exists() else b""
    return [json.loads(line) for line in content.splitlines(keepends=True) if line.endswith(b"\n")]


class File(Bus):
    knows_repeats = True
    has_server = False

    def arguments(self) -> List[str]:
        return [f"file://{self.directory}/events.ndjson"]

    def payloads(self) -> List[Dict[str, Any]]:
        return _whole_lines(self.directory / "events.ndjson")


class Exec(Bus):
    has_server = False

    def arguments(self) -> List[str]:
        return [f"exec:cat > {self.directory}/part.$$"]

    def payloads(self) -> List[Dict[str, Any]]:
        parts = sorted(self.directory.glob("part.*"), key=lambda part: part.stat().st_mtime_ns)
        return [payload for part in parts for payload in _whole_lines(part)]


class ExecThatAnswers(Exec):
    def arguments(self) -> List[str]:
        # sed writes each line to the file before it prints it.
        return [f"exec:sed -u 'w {self.directory}/part.'$$", "--set", "acknowledge=lines"]


buses = {"file": File, "exec": Exec, "exec with answers": ExecThatAnswers}
