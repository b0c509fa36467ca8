"""What `zevi bridge to` keeps, whatever the bus: every event of the history arrives, equal to the original, in the order
of its topic, across kills of bridge, broker and bus."""

from __future__ import annotations

import array
import itertools
import os
import signal
from typing import Any, Dict

import pytest
from bridge_buses import Bus, buses
from zevi_test import Program, RawPublisher, Zevid, wait_until

#: Events in each of the tests that kill something, and how often they do; by hand: 1000000 and 5.
events_count = int(os.environ.get("ZEVI_BRIDGE_EVENTS", "3000"))
kills = int(os.environ.get("ZEVI_BRIDGE_KILLS", "2"))
patience = 30 + events_count / 5000
topics = ("E_A", "E_B.C")


def params(n: int) -> Dict[str, Any]:
    return {"n": n, "text": "é" * (n % 7)}


class Feed:
    """Publishes events whose `n` counts in each topic."""

    def __init__(self, endpoint: str) -> None:
        self.publisher = RawPublisher(endpoint)
        self.published = {topic: 0 for topic in topics}

    def publish(self, count: int) -> None:
        """So many of each topic, in batches, acknowledged by the broker."""
        for begin in range(0, count, 200):
            for topic in topics:
                first = self.published[topic]
                last = first + min(200, count - begin)
                s = self.publisher.events(topic, [params(n) for n in range(first, last)])
                self.published[topic] = last
            if begin % 2000 == 0:
                self.publisher.expect_ack(s)
        self.publisher.expect_ack(s)


@pytest.fixture
def feed(request):
    opened = []

    def open_feed(broker: Zevid) -> Feed:
        feed = Feed(broker.ingress)
        feed.publisher.open()
        opened.append(feed)
        return feed

    yield open_feed
    for feed in opened:
        feed.publisher.close()


def with_buses(names):
    return pytest.mark.parametrize("bus", [buses[name] for name in names], ids=list(names), indirect=True)


@pytest.fixture(params=buses.values(), ids=list(buses))
def bus(request, test_dir, run_program):
    directory = test_dir / "bus"
    directory.mkdir()
    bus: Bus = request.param(directory, run_program)
    bus.start()
    yield bus
    bus.close()


@pytest.fixture
def arrived(bus):
    return Arrived(bus)


@pytest.fixture
def bridge(bus, run_program, test_dir):
    """Starts a bridge from the beginning of the history, or from where the last one came to."""

    def start(*arguments: object) -> Program:
        return run_program(
            "zevi-bridge", "to", *bus.arguments(), "--topic", "E_A", "--topic", "E_B*", "--from", "start",
            "--cursor", test_dir / "cursor", *arguments,
        )  # fmt: skip

    return start


class Arrived:
    """The `n` of what has arrived of each topic, each event compared with what was published."""

    def __init__(self, bus: Bus) -> None:
        self.bus = bus
        self.numbers = {topic: array.array("q") for topic in topics}

    def update(self) -> "Arrived":
        for payload in self.bus.new_payloads():
            n = payload["params"]["n"]
            assert payload["params"] == params(n)
            assert (payload["q"], payload["src"]) == (n + 1, "raw")
            self.numbers[payload["topic"]].append(n)
        return self

    def count(self) -> int:
        """How many have arrived, repeats included."""
        return sum(len(numbers) for numbers in self.update().numbers.values())

    def wait_for_more_than(self, count: int) -> None:
        wait_until(lambda: self.count() > count, patience, "something to arrive")

    def wait_for_all(self, feed: Feed) -> None:
        def reached() -> Dict[str, int]:
            return {topic: numbers[-1] + 1 if numbers else 0 for topic, numbers in self.update().numbers.items()}

        wait_until(lambda: reached() == feed.published, patience, lambda: f"{feed.published}, not {reached()}", 0.02)

    def check(self, feed: Feed, may_repeat: bool, may_mix: bool = False) -> None:
        """Every event is there, in its order. Repeats, if there may be any, begin earlier again and go on in order,
        unless they may be mixed with what comes for the first time."""
        for topic, numbers in self.update().numbers.items():
            assert list(dict.fromkeys(numbers)) == list(range(feed.published[topic])), topic
            if not may_repeat:
                assert len(numbers) == feed.published[topic], topic
            if not may_mix:
                assert all(after <= before + 1 for before, after in itertools.pairwise(numbers)), topic


def test_what_the_history_holds_and_what_is_live_arrives_once_and_in_order(zevid, feed, bus, arrived, bridge):
    source = feed(zevid())
    source.publish(1000)
    program = bridge()
    arrived.wait_for_all(source)
    source.publish(1000)
    arrived.wait_for_all(source)
    assert program.stop() == 0
    assert "read 4000, acknowledged 4000, resent 0, refused 0, expired 0, brought_in 0, lost 0" in program.stderr
    arrived.check(source, may_repeat=False)


@with_buses([name for name, bus in buses.items() if bus.knows_repeats])
def test_a_stopped_bridge_goes_on_where_it_was(zevid, feed, bus, arrived, bridge):
    source = feed(zevid())
    source.publish(500)
    program = bridge()
    arrived.wait_for_all(source)
    program.send_signal(signal.SIGINT)
    assert program.wait() == 0
    source.publish(500)
    again = bridge("--no-follow")
    assert again.wait() == 0
    assert "read 1000, acknowledged 1000" in again.stderr
    arrived.check(source, may_repeat=False)


def test_every_event_arrives_though_the_bridge_is_killed(zevid, feed, bus, arrived, bridge):
    source = feed(zevid("--history", "*=1GB"))
    for _ in range(kills):
        program = bridge()
        before = arrived.count()
        source.publish(events_count // (kills + 1))
        arrived.wait_for_more_than(before)
        program.kill()
    source.publish(events_count // (kills + 1))
    program = bridge()
    arrived.wait_for_all(source)
    assert program.stop() == 0
    arrived.check(source, may_repeat=not bus.knows_repeats, may_mix=bus.mixes_repeats)


@with_buses([name for name, bus in buses.items() if bus.keeps_what_it_acknowledged])
def test_every_event_arrives_though_the_bus_is_killed(zevid, feed, bus, arrived, bridge):
    source = feed(zevid("--history", "*=1GB"))
    program = bridge()
    for _ in range(kills):
        before = arrived.count()
        source.publish(events_count // (2 * kills))
        arrived.wait_for_more_than(before)
        bus.kill()
        source.publish(events_count // (2 * kills))
        bus.start()
    arrived.wait_for_all(source)
    assert program.stop() == 0
    assert ", lost 0, lost_before 0" in program.stderr
    arrived.check(source, may_repeat=not bus.knows_repeats, may_mix=bus.mixes_repeats)


@with_buses(["file"])
def test_every_event_arrives_though_the_broker_is_killed(zevid, feed, bus, arrived, bridge, test_dir, needs_store):
    options = ("--store", test_dir / "store", "--ack", "*=synced")
    broker = zevid(*options)
    source = feed(broker)
    program = bridge()
    source.publish(1000)
    broker.kill()
    broker = zevid(*options)
    source.publisher.open()
    source.publish(1000)
    arrived.wait_for_all(source)
    assert program.stop() == 0
    assert "read 4000, acknowledged 4000" in program.stderr
    arrived.check(source, may_repeat=False)
