"""`zevi diagnose`: who is in trouble, on which topic, by how much, and what to do about it."""

import json
import subprocess
from functools import partial

import pytest

from zevi_test import RawControl, RawPublisher, RawSubscriber, wait_until


@pytest.fixture
def diagnose(finish_zevi):
    """`diagnose(OPTION...)` gives the exit code and what was printed."""
    return partial(finish_zevi, "diagnose")


@pytest.fixture
def find_trouble(diagnose):
    """`find_trouble(KIND)` waits for a finding of that kind."""

    def found(kind):
        code, said = diagnose("--output", "json")
        verdict = json.loads(said)
        assert code == verdict["code"] == (1 if verdict["findings"] else 0)
        return next((trouble for trouble in verdict["findings"] if trouble["kind"] == kind), None)

    return lambda kind: wait_until(lambda: found(kind), what=kind)


@pytest.fixture
def greeted_worker(zevid, run_program):
    """A broker, and a program that publishes there and has said hello."""
    broker = zevid()
    worker = run_program("driven_worker", stdin=subprocess.PIPE)
    with RawControl(broker.endpoint("control")) as control:
        wait_until(lambda: control.stats()["publishers_live"] == 1, what="the worker to say hello")
    return broker, worker


def acknowledged(publisher, topic, params, **fields):
    s = publisher.events(topic, params, **fields)
    publisher.beat()
    publisher.expect_ack(s)


def test_nothing_wrong_is_one_line_and_exit_code_0(zevid, diagnose):
    broker = zevid()
    with RawPublisher(broker.ingress).open() as publisher, RawSubscriber(broker.stream, ["E_A"]) as subscriber:
        acknowledged(publisher, "E_A", [{}, {}])
        assert len(subscriber.events(2)) == 2
        code, said = diagnose()
        assert code == 0 and said.count("\n") == 1 and said.startswith("Nothing is wrong in the last 1h00m: 1 publishers up")
        assert "sent = " in said and "0 lost before the broker; readers report 0 lost behind it" in said


def test_a_reader_that_stopped_is_named_and_what_it_lost_when_the_history_was_shorter(
    zevid, run_zevi, diagnose, find_trouble
):
    broker = zevid("--subscriber-budget", "1MiB", "--history", "*=1MiB")
    with RawPublisher(broker.ingress).open() as publisher, RawControl(broker.endpoint("control")) as control:
        reader = run_zevi("sub", "--verbose", "E_BIG")
        wait_until(lambda: control.rows("readers"), what="the reader to subscribe")
        acknowledged(publisher, "E_BIG", [{"i": 0}])
        reader.wait_for_stdout_lines(1)
        reader.pause()
        for i in range(200):
            publisher.events("E_BIG", [{"x": "x" * 50_000}])
        publisher.beat()
        trouble = find_trouble("reader_stopped")
        assert (trouble["pid"], trouble["topic"]) == (reader.pid, "E_BIG")
        assert "sub --verbose E_BIG" in trouble["command"]
        assert trouble["bytes"] > 0 and trouble["for_ns"] >= 3e9
        assert trouble["remedy"] == f"It is stopped: kill -CONT {reader.pid} lets it go on."
        code, said = diagnose()
        assert code == 1 and f"pid {reader.pid}: " in said and "has read nothing for" in said
        reader.resume()
        acknowledged(publisher, "E_BIG", [{"i": 1}])
        trouble = find_trouble("history_short")
        assert trouble["pid"] == reader.pid and trouble["events"] == control.topic("E_BIG")["lost_after"] > 0
        assert "--history E_BIG=" in trouble["remedy"] and "--store" in trouble["remedy"]


def test_a_publisher_whose_ring_overflowed_is_named_with_what_it_dropped(greeted_worker, find_trouble):
    broker, worker = greeted_worker
    with RawControl(broker.endpoint("control")) as control:
        broker.pause()
        worker.process.stdin.write(b"publish 10000 0 4000\n")
        worker.process.stdin.flush()
        worker.wait_for_stdout_lines(1)
        broker.resume()
        trouble = find_trouble("publisher_dropped")
        assert (trouble["name"], trouble["pid"]) == ("driven_worker", worker.pid)
        topic = control.topic(trouble["topic"])
        assert trouble["events"] == topic["dropped"] > 0
        assert "ring_bytes" in trouble["remedy"]


def test_refused_and_expired_events_are_told_by_publisher_topic_and_reason(zevid, diagnose, find_trouble):
    broker = zevid("--max-age", "E_OLD=1s")
    with RawPublisher(broker.ingress, src="worker").open() as publisher:
        acknowledged(publisher, "E_BAD", [{}, {}], body=b"no body")
        acknowledged(publisher, "E_OLD", [{}, {}, {}], time_ns=1_700_000_000_000_000_000)
        invalid, expired = find_trouble("events_invalid"), find_trouble("events_expired")
        assert (invalid["name"], invalid["topic"], invalid["events"]) == ("worker", "E_BAD", 2)
        assert (expired["name"], expired["topic"], expired["events"]) == ("worker", "E_OLD", 3)
        assert "--max-age" in expired["remedy"]
        code, said = diagnose()
        assert code == 1 and "\n2. " in said and "The broker refused 2 events of E_BAD" in said
        assert said.endswith("5 lost before the broker; readers report 0 lost behind it.\n")
        assert wait_until(lambda: diagnose("--since", "1ms")[0] == 0, what="the losses to be old")


def test_a_publisher_that_died_is_named(greeted_worker, find_trouble):
    broker, worker = greeted_worker
    with RawControl(broker.endpoint("control")) as control:
        worker.kill()
        trouble = find_trouble("publisher_died")
        assert (trouble["name"], trouble["pid"]) == ("driven_worker", worker.pid)
        assert control.rows("publishers")[0]["ended"] == "gone"


def test_a_full_disk_is_told_with_what_is_in_memory_alone(needs_store, small_disk, zevid, find_trouble):
    broker = zevid("--store", small_disk / "store", "--store-size", "64MiB", "--history", "=1MiB")
    with RawPublisher(broker.ingress).open() as publisher:
        with open(small_disk / "ballast", "wb", buffering=0) as file:
            with pytest.raises(OSError):
                while True:
                    file.write(bytes(65536))
        for i in range(100):
            publisher.events("E_A", [{"i": i, "x": "x" * 50_000}])
        publisher.beat()
        trouble = find_trouble("store_degraded")
        assert "No space left" in trouble["text"] and "--store-size" in trouble["remedy"]


def test_losses_and_readers_come_in_as_many_answers_as_they_take(zevid):
    broker = zevid()
    with RawPublisher(broker.ingress).open() as publisher, RawControl(broker.endpoint("control")) as control:
        publisher.beat(d={f"E_{i:02}": i + 1 for i in range(20)})
        wait_until(lambda: len(control.rows("losses")) == 20, what="the drops")
        assert {row["topic"]: row["events"] for row in control.rows("losses", rows_max=3)} == {
            f"E_{i:02}": i + 1 for i in range(20)
        }
        with RawSubscriber(broker.stream, ["E_A", "E_B"]), RawSubscriber(broker.stream, ["E_A"]):
            with RawSubscriber(broker.events, [""], plain=True):
                rows = control.rows("readers", rows_max=1)
                assert [(row["endpoint"], row["prefixes"]) for row in rows] == [
                    ("stream", ["E_A", "E_B"]),
                    ("stream", ["E_A"]),
                    ("events", [""]),
                ]


def test_no_answer_is_exit_code_2_and_a_wrong_command_line_3(diagnose):
    assert diagnose("--timeout", "200ms") == (2, "")
    for wrong in (["--wombat"], ["--since", "x"], ["stray"]):
        assert diagnose(*wrong) == (3, "")
