"""Programs that are started for a measurement, and what /proc says about them."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Dict, Sequence

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "support"))
from zevi_test import programs  # noqa: E402
from zevi_test.programs import die_with_parent, find_program  # noqa: E402,F401

#: The longest that a client may take to connect, or to say what it measured.
patience_seconds = 120.0


class BenchError(Exception):
    """A program of the benchmark that did not do its part; the message says which and what it said."""


class Process:
    """A program that is talked to over its standard input and output."""

    def __init__(self, command: Sequence[object]) -> None:
        self.name = os.path.basename(str(command[0]))
        self._process = subprocess.Popen(
            [str(word) for word in command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            preexec_fn=die_with_parent,
        )
        self._unread = b""

    @property
    def pid(self) -> int:
        return self._process.pid

    def send(self, line: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(line.encode() + b"\n")
        self._process.stdin.flush()

    def line(self, patience: float = patience_seconds) -> str:
        """The next line of its standard output."""
        assert self._process.stdout is not None
        end = time.monotonic() + patience
        while b"\n" not in self._unread:
            left = end - time.monotonic()
            if left <= 0 or not select.select([self._process.stdout], [], [], left)[0]:
                raise BenchError(f"{self.name} said nothing for {patience:.0f} s")
            read = os.read(self._process.stdout.fileno(), 65536)
            if not read:
                raise BenchError(f"{self.name} ended ({self._process.wait()}): {self._errors()}")
            self._unread += read
        line, self._unread = self._unread.split(b"\n", 1)
        return line.decode()

    def result(self) -> Dict[str, float]:
        """What it measured, its last line."""
        return json.loads(self.line())

    def pause(self) -> None:
        """It stands still for the rest of its life."""
        os.kill(self.pid, signal.SIGSTOP)

    def kill(self) -> None:
        self._process.kill()
        self._process.communicate()

    def stop(self) -> None:
        """SIGTERM, and after 5 s SIGKILL."""
        if self._process.poll() is None:
            self._process.terminate()
        try:
            self._process.communicate(timeout=5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.communicate()

    def _errors(self) -> str:
        assert self._process.stderr is not None
        return self._process.stderr.read().decode(errors="replace").strip()


def start_server(command: Sequence[object], log: Path) -> subprocess.Popen:
    """A broker; what it says goes into the file `log`."""
    with open(log, "wb") as out:
        return subprocess.Popen(
            [str(word) for word in command],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            preexec_fn=die_with_parent,
        )


def cpu_ns(pid: int) -> int:
    """Processor time of the threads that a process has, by the scheduler's own count, which is not in ticks."""
    total = 0
    for task in Path(f"/proc/{pid}/task").iterdir():
        total += int((task / "schedstat").read_text().split()[0])
    return total


def memory_bytes(pid: int, field: str = "VmRSS") -> int:
    """`VmRSS`, what a process holds now, or `VmHWM`, the most it ever held."""
    try:
        return programs.memory_bytes(pid, field)
    except ProcessLookupError as error:
        raise BenchError(str(error)) from error


def machine() -> Dict[str, Any]:
    names = [line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")]
    processor = names[0].partition(":")[2].strip() if names else "an unknown processor"
    return {"cores": len(os.sched_getaffinity(0)), "processor": processor}


def progress(what: str) -> None:
    """Says on a terminal what is being done, in place of what it said before."""
    if sys.stderr.isatty():
        print(f"\r\x1b[K{what}", end="", file=sys.stderr, flush=True)
