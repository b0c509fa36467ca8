"""A machine of several that a bus connects."""

from __future__ import annotations

import zevi
from zevi_test import RawPublisher


class Side:
    """A machine with a broker, its bridges, and one reader of everything."""

    def __init__(self, name, directory, zevid, run_program):
        self.name = name
        self.runtime_dir = directory / name
        self.runtime_dir.mkdir(mode=0o750)
        self._start_broker = lambda: zevid("--history", "*=1GB", "--notices", "off", runtime_dir=self.runtime_dir)
        self._run_program = run_program
        self.broker = None
        self.reader = None
        self.seen = []
        self.publisher = None

    def start(self):
        self.broker = self._start_broker()
        self.reader = zevi.subscribe("*", runtime_dir=str(self.runtime_dir), start="oldest", timeout=0.01)
        self.publisher = RawPublisher(self.broker.ingress, src=f"worker {self.name}")
        self.publisher.open()
        return self

    def bridge(self, direction, url, *arguments):
        cursor = ("--cursor", self.runtime_dir / f"cursor-{url[-5:]}", "--topic", "*", "--from", "start")
        options = cursor if direction == "to" else ()
        program = self._run_program(
            "zevi-bridge", direction, url, "--name", self.name, "--runtime-dir", self.runtime_dir, *options, *arguments
        )
        program.wait_for_stderr("connected to")
        return program

    def publish(self, topic, numbers):
        numbers = list(numbers)
        for begin in range(0, len(numbers), 500):
            s = self.publisher.events(topic, [{"n": n, "by": self.name} for n in numbers[begin : begin + 500]])
        self.publisher.expect_ack(s)

    def events(self):
        for event in self.reader:
            self.seen.append(event)
        return self.seen

    def close(self):
        if self.reader is not None:
            self.reader.close()
        if self.publisher is not None:
            self.publisher.close()
