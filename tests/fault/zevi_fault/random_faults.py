"""Faults of all kinds, drawn from a seeded generator, and undone after a while."""

from __future__ import annotations

import heapq
import itertools
import random
import subprocess
import sys
import time
from collections import Counter
from typing import Callable, Iterator, List, Optional, Tuple

from zevi_test.programs import die_with_parent

from .run import FaultRun

#: Subscribes from so many sockets and reads nothing.
_CROWD = """
import sys, time, zmq
sockets = []
for _ in range(int(sys.argv[2])):
    socket = zmq.Context().socket(zmq.SUB)
    socket.rcvhwm = 1
    socket.connect(sys.argv[1])
    socket.subscribe("")
    sockets.append(socket)
sys.stdin.read()
"""


class RandomFaults:
    def __init__(self, run: FaultRun, draw: random.Random, rate: int, broker_kills: bool) -> None:
        self._run = run
        self._draw = draw
        self._rate = rate
        self._counts: "Counter[str]" = Counter()
        self._undo: List[Tuple[float, int, Callable[[], None]]] = []
        self._order: Iterator[int] = itertools.count()
        self._broker_busy = False
        self._busy: set = set()  # workers and readers that are away
        #: What may be drawn, and how often.
        self._kinds: List[Tuple[Callable[[], Optional[str]], int]] = [
            (self._kill_broker, 2 if broker_kills else 0),
            (self._stop_broker, 2),
            (self._kill_worker, 3),
            (self._stop_worker, 2),
            (self._kill_reader, 3),
            (self._stop_reader, 2),
            (self._remove_socket, 1),
            (self._crowd, 1),
            (self._deaf_subscriber, 1),
        ]

    @property
    def inflicted(self) -> int:
        return sum(self._counts.values())

    def summary(self) -> str:
        return "faults: " + ", ".join(f"{count} {name}" for name, count in sorted(self._counts.items()))

    def inflict_one(self) -> None:
        """One that is possible now; none if everything is away."""
        kinds, weights = zip(*self._kinds)
        for kind in self._draw.choices(kinds, weights, k=20):
            name = kind()
            if name is not None:
                self._counts[name] += 1
                return

    def undo_what_is_due(self) -> None:
        while self._undo and self._undo[0][0] <= time.monotonic():
            heapq.heappop(self._undo)[2]()

    def undo_all(self) -> None:
        while self._undo:
            heapq.heappop(self._undo)[2]()

    def _later(self, seconds_max: float, undo: Callable[[], None]) -> None:
        due = time.monotonic() + self._draw.uniform(0, seconds_max)
        heapq.heappush(self._undo, (due, next(self._order), undo))

    def _one_of(self, some: list):
        """One that is not away."""
        here = [one for one in some if one.name not in self._busy]
        return self._draw.choice(here) if here else None

    # The broker

    def _kill_broker(self) -> Optional[str]:
        if self._broker_busy:
            return None
        self._broker_busy = True
        self._run.kill_broker()
        self._later(1.0, self._start_broker)
        return "broker killed"

    def _start_broker(self) -> None:
        self._run.start_broker()
        self._broker_busy = False

    def _stop_broker(self) -> Optional[str]:
        if self._broker_busy:
            return None
        self._broker_busy = True
        self._run.stop_broker()
        self._later(3.0, self._resume_broker)
        return "broker stopped"

    def _resume_broker(self) -> None:
        self._run.resume_broker()
        self._broker_busy = False

    def _remove_socket(self) -> Optional[str]:
        path = self._run.runtime_dir / self._draw.choice(("ingress", "stream", "events", "replay"))
        if self._broker_busy or not path.exists():
            return None
        path.unlink()
        return "socket file removed"

    # Workers. The first one is never killed, so that its memory can be seen over the whole run.

    def _kill_worker(self) -> Optional[str]:
        worker = self._one_of([worker for worker in self._run.workers[1:] if worker.program.running()])
        if worker is None:
            return None
        self._run.kill_worker(worker)
        self._run.start_worker(rate=self._rate)
        return "worker killed"

    def _stop_worker(self) -> Optional[str]:
        worker = self._one_of([worker for worker in self._run.workers if worker.program.running()])
        if worker is None:
            return None
        self._busy.add(worker.name)
        self._run.stop_worker(worker)
        self._later(4.0, lambda: self._back(worker, self._run.resume_worker))
        return "worker stopped"

    def _back(self, who, undo: Callable) -> None:
        undo(who)
        self._busy.discard(who.name)

    # Readers. The first one is never killed either.

    def _kill_reader(self) -> Optional[str]:
        reader = self._one_of(self._run.readers[1:])
        if reader is None:
            return None
        self._busy.add(reader.name)
        self._run.kill_reader(reader)
        self._later(2.0, lambda: self._back(reader, self._run.start_reader))
        return "reader killed"

    def _stop_reader(self) -> Optional[str]:
        reader = self._one_of(self._run.readers)
        if reader is None:
            return None
        self._busy.add(reader.name)
        self._run.stop_reader(reader)
        self._later(3.0, lambda: self._back(reader, self._run.resume_reader))
        return "reader stopped"

    # Foreign subscribers

    def _crowd(self) -> str:
        self._subscribe(20, 1.0)
        return "crowd of 20 that vanished"

    def _deaf_subscriber(self) -> str:
        self._subscribe(1, 20.0)
        return "subscriber that did not read"

    def _subscribe(self, number: int, seconds_max: float) -> None:
        endpoint = f"ipc://{self._run.runtime_dir}/stream"
        process = subprocess.Popen(
            [sys.executable, "-c", _CROWD, endpoint, str(number)], stdin=subprocess.PIPE, preexec_fn=die_with_parent
        )

        def end() -> None:
            process.kill()
            process.communicate()

        self._later(seconds_max, end)
