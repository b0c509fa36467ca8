"""`zevi bridge from nats://...`: events of a bus come into the local broker, once around and no further."""

from __future__ import annotations

import itertools
import json
import os

import msgpack
import pytest
from bridge_nats import NatsServer
from zevi_test import wait_until

#: By hand 1000000 and 5.
events_count = int(os.environ.get("ZEVI_BRIDGE_EVENTS", "3000"))
kills = int(os.environ.get("ZEVI_BRIDGE_KILLS", "2"))
patience = 30 + events_count / 5000


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
    sides = [side("here").start(), side("there").start()]
    sources = [one.bridge("from", nats.url, "--subject", "zevi.>") for one in sides]
    senders = [one.bridge("to", nats.url) for one in sides]
    for one in sides:
        one.publish("E_A", range(200))
    for one in sides:
        wait_until(lambda one=one: len(one.events()) >= 400, what="the events of both")
    # Were anything to go around, this would go around too, behind it.
    for one in sides:
        one.publish("E_LAST", [0])
    for one in sides:
        wait_until(lambda one=one: sum(e.topic == "E_LAST" for e in one.events()) >= 2, what="the last events")
    for program in sources + senders:
        assert program.stop() == 0
    for one, source, sender in zip(sides, sources, senders):
        assert sorted((e.params["by"], e.params["n"]) for e in one.events() if e.topic == "E_A") == sorted(
            itertools.product(("here", "there"), range(200))
        )
        assert "received 402, published 201, unwanted 0, returned 201" in source.stderr
        assert "read 402, acknowledged 201" in sender.stderr and "brought_in 201" in sender.stderr


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
    here = side("here").start()
    stream_of(nats, "sensor.>")
    arguments = ("from", nats.url, "--subject", "sensor.a", "--topic", "E_A", "--jetstream", "--from", "start")
    step = events_count // (2 * kills)
    published = 0
    source = here.bridge(*arguments)
    for kill in range(2 * kills):
        before = len(here.events())
        publish_to_stream(nats, range(published, published + step))
        published += step
        wait_until(lambda before=before: len(here.events()) > before, patience, "something to arrive")
        if kill % 2 == 0:
            source.kill()
            source = here.bridge(*arguments)
        else:
            nats.kill()
            nats.start()
    wait_until(lambda: here.events()[-1].params["n"] == published - 1, patience, "the last event")
    assert source.stop() == 0
    numbers = [event.params["n"] for event in here.events()]
    assert list(dict.fromkeys(numbers)) == list(range(published))
    # What comes again behind a kill, because its acknowledgement had not reached the disk, goes on from there in order.
    assert all(after <= before + 1 for before, after in itertools.pairwise(numbers))


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
