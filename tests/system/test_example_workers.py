"""The example workers, run as they are against the real broker: what they publish is what the catalogue says."""

import json
import re
import signal
from pathlib import Path

import pytest

from zevi_test import RawSubscriber
from zevi_test.sanitizers import not_forking_while_publishing

CATALOGUE = json.loads((Path(__file__).resolve().parents[2] / "schema/catalogue/core.json").read_text())
EVENTS = {event["name"]: event["params"] for event in CATALOGUE["events"]}
TYPES = {"string": str, "int": int}


def check_against_catalogue(event):
    known = {param["name"]: param for param in EVENTS[event.topic]}
    assert set(event.params) <= set(known)
    for name, param in known.items():
        if name not in event.params:
            assert param.get("optional"), f"{event.topic} without {name}"
            continue
        assert type(event.params[name]) is TYPES[param["type"]], f"{event.topic}: {name} is {event.params[name]!r}"
        if "values" in param and not param.get("values_open") and param["type"] == "string":
            assert event.params[name] in param["values"]


@not_forking_while_publishing
def test_the_c_workers_publish_events_as_the_catalogue_has_them(zevid, run_program):
    broker = zevid()
    with RawSubscriber(broker.stream) as subscriber:
        program = run_program("example-worker", "-w", 3, "-n", 20, "-p", 0)
        # Of each job a log line and two steps, and of every tenth one the memory.
        events = subscriber.events(3 * (20 * 3 + 2))
        assert program.wait() == 0
    for event in events:
        check_against_catalogue(event)
        assert event.src == "example-worker"
    assert len({event.pid for event in events}) == 3
    for pid in {event.pid for event in events}:
        messages = [e.params["message"] for e in events if e.pid == pid and e.topic == "E_CORE_LOG"]
        assert messages == [f"job {number} is done" for number in range(1, 21)]
    assert program.stdout.count("62 published, 62 acknowledged, 0 dropped, 0 that nobody wanted") == 3


@not_forking_while_publishing
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_c_workers_end_cleanly_with_everything_delivered(zevid, run_program, number):
    broker = zevid()
    with RawSubscriber(broker.stream) as subscriber:
        program = run_program("example-worker", "-w", 2, "-p", 1)
        events = subscriber.events(100)
        program.send_signal(number)
        assert program.wait() == 0
        published = sum(int(count) for count in re.findall(r"(\d+) published", program.stdout))
        events += subscriber.events(published - len(events))
    assert {len(re.findall(text, program.stdout)) for text in (r"worker \d+:", r"\b0 dropped")} == {2}


@not_forking_while_publishing
def test_the_c_workers_without_a_broker_end_and_say_what_was_not_delivered(run_program):
    program = run_program("example-worker", "-w", 2, "-n", 10, "-p", 0)
    assert program.wait() == 1
    assert program.stdout.count("31 published, 0 acknowledged") == 2
    assert program.stderr.count("the time was up before everything was acknowledged") == 2


def test_the_cpp_worker_publishes_a_typed_event_and_one_of_its_own(zevid, run_program):
    broker = zevid()
    with RawSubscriber(broker.stream) as subscriber:
        program = run_program("example-typed-worker")
        events = subscriber.events(4)
        for event in events:
            if event.topic == "E_CORE_THRESHOLD":
                assert event.params == {"source": "dns", "time": 250000, "extra": "example.org"}
        own = [event.params for event in events if event.topic == "E_EXAMPLE_CALL"]
        assert own == [{"caller": "alice", "number": number, "seconds": 12.5} for number in (1, 2)]
    assert program.stop() == 0
    assert "0 dropped; success" in program.stdout
