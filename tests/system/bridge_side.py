"""A machine of several that a bus connects, and the scenes that are the same for every bus that can be read."""

from __future__ import annotations

import itertools
import os

import zevi
from zevi_test import RawPublisher, wait_until

#: By hand 1000000 and 5.
events_count = int(os.environ.get("ZEVI_BRIDGE_EVENTS", "3000"))
kills = int(os.environ.get("ZEVI_BRIDGE_KILLS", "2"))
patience = 30 + events_count / 5000


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

    def numbers(self):
        return [event.params["n"] for event in self.events()]

    def close(self):
        if self.reader is not None:
            self.reader.close()
        if self.publisher is not None:
            self.publisher.close()


def check_that_two_sides_see_every_event_once(side, url, *read, send=()):
    """Both send to the bus and read what comes back from it: `read` and `send` are the options of `from` and `to`."""
    sides = [side("here").start(), side("there").start()]
    sources = [one.bridge("from", url, *read) for one in sides]
    senders = [one.bridge("to", url, *send) for one in sides]
    for one in sides:
        one.publish("E_A", range(200))
    for one in sides:
        wait_until(lambda one=one: len(one.events()) >= 400, what="the events of both")
    # Were anything to go around, this would go around too, behind it.
    for one in sides:
        one.publish("E_LAST.C", [0])
    for one in sides:
        wait_until(lambda one=one: sum(e.topic == "E_LAST.C" for e in one.events()) >= 2, what="the last events")
    for program in sources + senders:
        assert program.stop() == 0
    found = [{(e.params["by"], e.params["n"]): e for e in one.events() if e.topic == "E_A"} for one in sides]
    for one, events in zip(sides, found):
        assert len(one.events()) == 402
        assert sorted(events) == sorted(itertools.product(("here", "there"), range(200)))
    for key, event in found[0].items():
        other = found[1][key]
        assert (event.params, event.time_ns, event.src) == (other.params, other.time_ns, other.src)
        assert {event.origin, other.origin} == {"", key[0]}
    for source, sender in zip(sources, senders):
        assert "received 402, published 201, unwanted 0, returned 201" in source.stderr
        assert "read 402, acknowledged 201" in sender.stderr and "brought_in 201" in sender.stderr


def check_that_all_is_read_though_bridge_and_server_are_killed(here, arguments, publish, kill_server):
    """`publish(NUMBERS)` returns when the bus has them, `kill_server()` when there is a server again; gives how many there were."""
    step = events_count // (2 * kills)
    published = 0
    source = here.bridge(*arguments)
    for kill in range(2 * kills):
        before = len(here.events())
        publish(range(published, published + step))
        published += step
        wait_until(lambda before=before: len(here.events()) > before, patience, "something to arrive")
        if kill % 2 == 0:
            source.kill()
            source = here.bridge(*arguments)
        else:
            kill_server()
    wait_until(lambda: here.numbers()[-1] == published - 1, patience, "the last event")
    assert source.stop() == 0
    numbers = here.numbers()
    assert list(dict.fromkeys(numbers)) == list(range(published))
    # What was not acknowledged comes again, and goes on from there in order.
    assert all(after <= before + 1 for before, after in itertools.pairwise(numbers))
    return published
