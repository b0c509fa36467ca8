"""The limit of what the broker may hold in memory."""

import os

import pytest
import zmq

from zevi_test import RawControl, RawPublisher, RawSubscriber, wait_until
from zevi_test.programs import memory_bytes

MEBI = 1 << 20
LIMIT = 64 * MEBI

pytestmark = pytest.mark.skipif(
    os.environ.get("ZEVI_SANITIZERS", "none") != "none", reason="a sanitizer keeps memory of its own"
)


def publish(publisher, mebibytes):
    """Events whose bodies take that much, each mebibyte acknowledged."""
    for _ in range(mebibytes):
        for _ in range(4):
            s = publisher.events("E_LARGE", [{"text": "x" * 65_000}] * 4)
        publisher.expect_ack(s)


@pytest.fixture
def limited(zevid):
    return zevid("--memory-max", "64MiB", "--history", "*=1GB", "--notices", "on")


def told(watcher):
    [event] = watcher.events(1)
    assert event.topic == "E_ZEVI_OVERLOAD" and event.params["limit_bytes"] == LIMIT
    return event.params


def test_near_the_limit_the_history_gives_up_its_oldest_events_and_everything_goes_on(limited):
    with RawSubscriber(limited.stream, ["E_ZEVI_OVERLOAD"]) as watcher, RawControl(limited.endpoint("control")) as control:
        with RawPublisher(limited.ingress).open() as publisher:
            publish(publisher, 150)
            assert memory_bytes(limited.pid, "VmHWM") <= LIMIT
            begun = told(watcher)
            assert begun["state"] == "overloaded" and 0.9 * LIMIT <= begun["memory_bytes"] <= LIMIT
            wait_until(lambda: told(watcher)["state"] == "ok", what="the end of the overload")
            stats = control.stats()
            assert stats["memory_bytes_max"] == LIMIT
            assert stats["counters"]["history_evicted"] > 500 and stats["counters"]["history_events"] > 100
            assert stats["counters"]["events_invalid"] == 0, "nothing had to be refused"


def test_when_the_history_is_empty_subscribers_that_do_not_read_are_cut_off(zevid):
    broker = zevid("--memory-max", "64MiB", "--history", "none", "--subscriber-budget", "256MiB")
    with zmq.Context() as context, RawControl(broker.endpoint("control")) as control:
        stuck = RawSubscriber(broker.stream, ["E_"], hwm=1, context=context)
        with stuck, RawSubscriber(broker.stream, ["E_"]) as reader, RawPublisher(broker.ingress).open() as publisher:
            for _ in range(150):
                publish(publisher, 1)
                assert len(reader.events(16)) == 16
                if control.counter("subscribers_cut"):
                    break
            assert control.counter("subscribers_cut") == 1
            assert memory_bytes(broker.pid, "VmHWM") <= LIMIT
            publish(publisher, 1)
            assert len(reader.events(16)) == 16, "who reads stays"


def test_a_limit_that_is_too_low_is_refused_by_name(zevid):
    broker = zevid("--memory-max", "1MiB", ready=False)
    assert broker.wait() != 0
    assert "memory-max must be at least 32MiB" in broker.stderr
