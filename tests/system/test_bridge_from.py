"""`zevi bridge from nats://...`: events of a bus come into the local broker, once around and no further."""

from __future__ import annotations

import json

import msgpack
import pytest
from bridge_nats import NatsServer
from bridge_side import check_that_all_is_read_though_bridge_and_server_are_killed, check_that_two_sides_see_every_event_once
from zevi_test import wait_until


@pytest.fixture
def nats(test_dir, run_program):
    server = NatsServer(test_dir / "jetstream", run_program)
    server.start()
    return server


def test_events_of_one_broker_arrive_in_another_as_they_were(nats, side):
    here, there = side("here").start(), side("there").start()
    source = there.bridge("from", nats.url, "--subject", "zevi.>")
    sender = here.bridge("to", nats.url, "--payload", "msgpack")
    here.publish("E_A", range(500))
    here.publish("E_B.C", range(500))
    wait_until(lambda: len(there.events()) == 1000, what="all events")
    wait_until(lambda: len(here.events()) == 1000, what="the same events here")
    original = {(e.topic, e.params["n"]): e for e in here.seen}
    for topic in ("E_A", "E_B.C"):
        assert [e.params["n"] for e in there.seen if e.topic == topic] == list(range(500))
    for event in there.seen:
        before = original[event.topic, event.params["n"]]
        assert (event.params, event.time_ns, event.src) == (before.params, before.time_ns, before.src)
        assert event.origin == "here"
    assert source.stop() == 0 and sender.stop() == 0
    assert "received 1000, published 1000, unwanted 0, returned 0, refused 0" in source.stderr


def test_two_sides_that_send_and_read_the_same_subject_see_every_event_once(nats, side):
    check_that_two_sides_see_every_event_once(side, nats.url, "--subject", "zevi.>")


def test_what_is_relayed_says_all_that_it_has_come_through_and_ends_where_it_has_been(nats, side):
    here, there = side("here").start(), side("there").start()
    back = here.bridge("from", nats.url, "--subject", "there.>")
    there.bridge("from", nats.url, "--subject", "here.>")
    here.bridge("to", nats.url, "--relay", "--subject", "here.{topic}")
    there.bridge("to", nats.url, "--relay", "--subject", "there.{topic}")
    with nats.client() as listener:
        listener.subscribe("there.>")
        listener.flush()
        here.publish("E_A", range(10))
        found = []
        wait_until(lambda: found.extend(listener.messages()) or len(found) == 10, what="the way around")
    assert {message.headers["Zevi-Origin"] for message in found} == {"here,there"}
    here.publish("E_LAST", [0])
    wait_until(lambda: len(there.events()) == 11, what="the last event")
    wait_until(lambda: len(here.events()) == 11, what="the events of this side")
    assert back.stop() == 0
    assert "published 0, unwanted 0, returned 1" in back.stderr
    assert len(here.events()) == 11


def test_messages_of_others_are_events_under_the_topic_that_they_are_given(nats, side):
    here = side("here").start()
    source = here.bridge("from", nats.url, "--subject", "sensor.*", "--topic", "E_{subject}")
    with nats.client() as client:
        client.publish("sensor.door", b'{"open": true, "big": 18446744073709551615}')
        client.publish("sensor.rain", msgpack.packb({"mm": 1.5, "raw": b"\xff"}))
        client.publish("sensor.rain", b"it rains")
        client.publish("sensor.rain", b'{"open": ')
        client.publish("sensor.door", json.dumps({"open": False}).encode())
        client.flush()
    wait_until(lambda: len(here.events()) == 3, what="the events")
    assert [(e.topic, e.params, e.origin) for e in sorted(here.seen, key=lambda e: e.topic)] == [
        ("E_sensor.door", {"open": True, "big": 18446744073709551615}, nats.url),
        ("E_sensor.door", {"open": False}, nats.url),
        ("E_sensor.rain", {"mm": 1.5, "raw": b"\xff"}, nats.url),
    ]
    assert source.stop() == 0
    assert "received 5, published 3, unwanted 0, returned 0, refused 2" in source.stderr
    assert "a message is no event: " in source.stderr


def stream_of(nats, *subjects):
    with nats.client() as client:
        client.ask_jetstream("STREAM.CREATE.TEST", {"name": "TEST", "subjects": list(subjects)})


def publish_to_stream(nats, numbers):
    with nats.client() as client:
        for n in numbers:
            client.publish("sensor.a", b'{"n": %d}' % n)
        client.flush()


def test_a_stream_is_read_to_its_end_though_bridge_and_server_are_killed(nats, side):
    stream_of(nats, "sensor.>")
    arguments = ("from", nats.url, "--subject", "sensor.a", "--topic", "E_A", "--jetstream", "--from", "start")

    def kill_server():
        nats.kill()
        nats.start()

    check_that_all_is_read_though_bridge_and_server_are_killed(
        side("here").start(), arguments, lambda numbers: publish_to_stream(nats, numbers), kill_server
    )


def test_what_a_stream_gave_to_somebody_else_comes_again_and_in_order(nats, side):
    here = side("here").start()
    stream_of(nats, "sensor.>")
    source = here.bridge("from", nats.url, "--subject", "sensor.a", "--topic", "E_A", "--jetstream", "--from", "start")
    with nats.client() as other:
        # As a bridge that was killed leaves it behind: a request of the same consumer, and nobody who acknowledges.
        other.subscribe("nobody")
        other.publish("$JS.API.CONSUMER.MSG.NEXT.TEST.zevi-here", b'{"batch": 20}', reply="nobody")
        other.flush()
        publish_to_stream(nats, range(300))
        taken = []
        wait_until(lambda: taken.extend(other.messages()) or len(taken) >= 20, what="somebody else to get some")
    wait_until(lambda: len(here.events()) >= 300, what="all events")
    assert [event.params["n"] for event in here.events()] == list(range(300))
    assert source.stop() == 0


def test_a_stream_keeps_what_the_broker_has_not_taken_in(nats, side):
    here = side("here")
    stream_of(nats, "sensor.>")
    arguments = ("from", nats.url, "--subject", "sensor.a", "--topic", "E_A", "--jetstream", "--from", "start")
    publish_to_stream(nats, range(100))
    source = here.bridge(*arguments)
    source.wait_for_stderr("waiting for a broker")
    assert source.stop() == 0
    here.start()
    source = here.bridge(*arguments)
    wait_until(lambda: len(here.events()) >= 100, what="the events")
    assert source.stop() == 0
    assert [event.params["n"] for event in here.events()] == list(range(100))


def test_a_dry_run_shows_what_would_come_in(nats, side):
    here = side("here").start()
    stream_of(nats, "sensor.>")
    source = here.bridge("from", nats.url, "--subject", "sensor.>", "--topic", "E_{subject}", "--jetstream", "--dry-run")
    publish_to_stream(nats, [7])
    assert source.wait_for_stdout_lines(1) == ['sensor.a E_sensor.a {"n":7}']
    assert source.stop() == 0
    assert here.events() == []
    with nats.client() as client:
        assert client.ask_jetstream("STREAM.INFO.TEST")["state"]["consumer_count"] == 0


def test_a_wrong_command_line_is_told_in_a_line(run_program):
    for arguments, words in {
        ("from", "nats://a"): "no --subject given",
        ("from", "exec:cat", "--subject", "a"): "exec has no subject",
        ("from", "file:///a"): "no --subject given",
        ("from", "nats://a", "--subject", "a", "--max-age", "1h"): "--max-age is for zevi bridge to",
        ("from", "nats://a", "--subject", "a", "--cursor", "c"): "--cursor is for zevi bridge to",
        ("from", "nats://a", "--subject", "a", "--from", "5"): "begins now, or with --from start",
        ("from", "nats://a", "--subject", "a", "--topic", "{x}"): "there is no {x} to fill in",
        ("from", "nats://a", "--subject", "a", "--name", "a,b"): "--name is 1 to 64 characters",
    }.items():
        program = run_program("zevi-bridge", *arguments)
        assert program.wait() == 2, arguments
        if "this build has no bus" in program.stderr:
            pytest.skip("built without NATS")
        assert words in program.stderr and program.stderr.count("\n") == 1, (arguments, program.stderr)
