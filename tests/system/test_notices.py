"""The events that the broker publishes itself."""

import os
import signal
import subprocess
import time

import pytest

from zevi_test import RawControl, RawPublisher, RawReader, RawSubscriber, wait_until


@pytest.fixture
def scene(zevid):
    broker = zevid("--notices", "on")
    with RawSubscriber(broker.stream, ["E_ZEVI_"]) as subscriber:
        subscriber.barrier()
        yield broker, subscriber


def next_of(subscriber, topic):
    """The next event of this topic; others on the way are passed over."""
    end = time.monotonic() + 30
    while time.monotonic() < end:
        event = subscriber.event(end - time.monotonic())
        if event is not None and event.topic == topic:
            return event
    raise AssertionError(f"no {topic}")


def test_a_publisher_that_comes_and_goes_is_told_with_its_name(scene):
    broker, subscriber = scene
    with RawPublisher(broker.ingress, src="worker").open() as publisher:
        up = next_of(subscriber, "E_ZEVI_PUBLISHER_UP")
        assert up.params["id"] == publisher.id and up.params["src"] == "worker"
        assert up.params["pid"] == os.getpid() and up.params["again"] is False
        assert (up.src, up.pid, up.q, up.p) == ("zevid", broker.pid, 1, 1)
        assert abs(up.time_ns - time.time_ns()) < 60e9
        publisher.expect_ack(publisher.events("E_A", [{}, {}]))
        publisher.bye()
        down = next_of(subscriber, "E_ZEVI_PUBLISHER_DOWN")
        assert down.params["id"] == publisher.id and down.params["reason"] == "bye"
        assert (down.params["events"], down.params["dropped"], down.params["invalid"]) == (2, 0, 0)
        publisher.hello()
        assert next_of(subscriber, "E_ZEVI_PUBLISHER_UP").params["again"] is True


def test_a_crashed_worker_is_noticed_within_3_s(scene, run_program):
    _, subscriber = scene
    worker = run_program("driven_worker", stdin=subprocess.PIPE)
    up = next_of(subscriber, "E_ZEVI_PUBLISHER_UP")
    assert up.params["pid"] == worker.pid
    worker.kill()
    began = time.monotonic()
    down = next_of(subscriber, "E_ZEVI_PUBLISHER_DOWN")
    assert time.monotonic() - began < 3
    assert down.params["pid"] == worker.pid and down.params["reason"] == "gone"


def test_a_worker_that_hangs_is_down_after_3_s_and_up_again_when_it_goes_on(scene, run_program):
    _, subscriber = scene
    worker = run_program("driven_worker", stdin=subprocess.PIPE)
    next_of(subscriber, "E_ZEVI_PUBLISHER_UP")
    worker.send_signal(signal.SIGSTOP)
    assert next_of(subscriber, "E_ZEVI_PUBLISHER_DOWN").params["reason"] == "silent"
    worker.send_signal(signal.SIGCONT)
    assert next_of(subscriber, "E_ZEVI_PUBLISHER_UP").params["again"] is True


def test_drops_are_told_by_topic_and_sum_up_to_what_was_dropped(scene):
    broker, subscriber = scene
    with RawPublisher(broker.ingress, src="worker").open() as publisher:
        for dropped in range(1, 51):
            publisher.beat(d={"E_A": 10 * dropped})
        publisher.expect_ack(publisher.events("E_B", [{}], p=4))
        counts = {"E_A": 0, "E_B": 0}
        events = 0
        while sum(counts.values()) < 503:
            event = next_of(subscriber, "E_ZEVI_DROPPED")
            assert (event.params["src"], event.params["publishers"]) == ("worker", 1)
            assert event.params["own_count"] == event.params["count"]
            counts[event.params["topic"]] += event.params["count"]
            events += 1
        assert counts == {"E_A": 500, "E_B": 3} and events <= 4


def test_refused_batches_are_told_with_the_reason(scene):
    broker, subscriber = scene
    with RawPublisher(broker.ingress, src="worker").open() as publisher:
        publisher.events("E_A", [{}] * 3, body=b"rubbish")
        invalid = next_of(subscriber, "E_ZEVI_INVALID").params
        assert (invalid["src"], invalid["topic"], invalid["count"], invalid["batches"]) == ("worker", "E_A", 3, 1)
        assert invalid["reason"]
        # A publisher that uses the broker's own topics is refused, and told of like any other.
        publisher.events("E_ZEVI_DROPPED", [{}])
        assert next_of(subscriber, "E_ZEVI_INVALID").params["topic"] == "E_ZEVI_DROPPED"


def test_they_are_kept_shown_and_delivered_to_scripts_like_all_others(zevid, run_zevi):
    broker = zevid("--notices", "on")
    with RawSubscriber(broker.events, ["E_ZEVI_"], plain=True) as script, RawPublisher(broker.ingress).open() as publisher:
        script.barrier()
        publisher.bye()
        down = next_of(script, "E_ZEVI_PUBLISHER_DOWN")
        assert (down.src, down.params["reason"]) == ("zevid", "bye")
        with RawReader(broker.endpoint("replay")) as reader, RawControl(broker.endpoint("control")) as control:
            assert [e.params["id"] for e in reader.ask("E_ZEVI_PUBLISHER_UP").events] == [publisher.id]
            assert control.topic("E_ZEVI_PUBLISHER_UP")["events"] == 1
            wait_until(lambda: control.counter("notices") >= 2, what="both to be counted")


def test_they_can_be_switched_off(zevid):
    broker = zevid("--notices", "off")
    with RawPublisher(broker.ingress).open() as publisher, RawControl(broker.endpoint("control")) as control:
        publisher.beat(d={"E_A": 3})
        publisher.expect("ack")
        wait_until(lambda: control.counter("events_lost_before") == 3, what="the drops")
        assert control.topic("E_A")["dropped"] == 3
        assert [row["topic"] for row in control.rows("topics")] == ["E_A"]
