"""`zevi bridge from mqtt://...`: what a server of MQTT gives comes into the local broker, and is answered when it is there."""

from __future__ import annotations

import json
import struct
from functools import partial

import msgpack
import pytest
from bridge_bus import check_wrong_command_lines, make_certificates, skip_unless_bridge_knows
from bridge_mqtt import MosquittoServer
from bridge_side import check_that_all_is_read_though_bridge_and_server_are_killed, check_that_two_sides_see_every_event_once
from zevi_test import wait_until
from zevi_test.raw_mqtt import FakeMqttServer, packet

welcome, granted = b"\x20\x02\x00\x00", b"\x90\x03\x00\x01\x01"
with_session = ("--set", "session=on")


@pytest.fixture
def mosquitto(test_dir, run_program):
    """`mosquitto(CONFIGURATION)` starts a server, which keeps its sessions when it is stopped."""

    def start(configuration="allow_anonymous true\n"):
        persistence = f"persistence true\npersistence_location {test_dir}/\n"
        server = MosquittoServer(test_dir, run_program, persistence + configuration)
        server.start()
        return server

    return start


def publish(server, numbers, topic="sensor/a"):
    with server.client() as client:
        for n in numbers:
            client.publish(topic, b'{"n": %d}' % n)


def test_events_of_one_broker_arrive_in_another_as_they_were(mosquitto, side):
    server = mosquitto()
    here, there = side("here").start(), side("there").start()
    source = there.bridge("from", server.url, "--subject", "zevi/#")
    sender = here.bridge("to", server.url, "--payload", "msgpack")
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


def test_two_sides_that_send_and_read_the_same_topics_see_every_event_once(mosquitto, side):
    check_that_two_sides_see_every_event_once(side, mosquitto().url, "--subject", "zevi/+")


def test_messages_of_others_are_events_under_the_topic_that_they_are_given(mosquitto, side):
    server = mosquitto()
    here = side("here").start()
    source = here.bridge("from", server.url, "--subject", "sensor/#", "--topic", "E_{subject}")
    with server.client() as client:
        for topic, payload in (
            ("sensor/door", b'{"open": true, "big": 18446744073709551615}'),
            ("sensor/rain/roof", msgpack.packb({"mm": 1.5, "raw": b"\xff"})),
            ("sensor/rain", b"it rains"),
            ("sensor/rain", b""),
            ("sensor/door", json.dumps({"open": False}).encode()),
        ):
            client.publish(topic, payload)
    wait_until(lambda: len(here.events()) == 3, what="the events")
    assert [(e.topic, e.params, e.origin) for e in sorted(here.seen, key=lambda e: e.topic)] == [
        ("E_sensor_door", {"open": True, "big": 18446744073709551615}, server.url),
        ("E_sensor_door", {"open": False}, server.url),
        ("E_sensor_rain_roof", {"mm": 1.5, "raw": b"\xff"}, server.url),
    ]
    assert source.stop() == 0
    assert "received 5, published 3, unwanted 0, returned 0, refused 2" in source.stderr
    assert "a message is no event: " in source.stderr


def test_a_session_is_read_to_its_end_though_bridges_are_killed_and_servers_stopped(mosquitto, side):
    server = mosquitto()
    arguments = ("from", server.url, "--subject", "sensor/a", "--topic", "E_A", *with_session)

    def stop_server():
        server.stop()
        server.start()

    check_that_all_is_read_though_bridge_and_server_are_killed(
        side("here").start(), arguments, lambda numbers: publish(server, numbers), stop_server
    )


def test_a_session_keeps_what_comes_while_the_bridge_is_away(mosquitto, side):
    server = mosquitto()
    here = side("here").start()
    arguments = ("from", server.url, "--subject", "sensor/a", "--topic", "E_A", *with_session)
    assert here.bridge(*arguments).stop() == 0
    publish(server, range(100))
    source = here.bridge(*arguments)
    wait_until(lambda: len(here.events()) >= 100, what="the events")
    assert source.stop() == 0
    assert here.numbers() == list(range(100))


def test_a_session_keeps_what_the_broker_has_not_taken_in(mosquitto, side):
    server = mosquitto()
    here = side("here")
    arguments = ("from", server.url, "--subject", "sensor/a", "--topic", "E_A", *with_session)
    source = here.bridge(*arguments)
    publish(server, range(100))
    source.wait_for_stderr("waiting for a broker")
    assert source.stop() == 0
    here.start()
    source = here.bridge(*arguments)
    wait_until(lambda: len(here.events()) >= 100, what="the events")
    assert source.stop() == 0
    assert here.numbers() == list(range(100))


def test_what_the_server_retains_is_brought_in_from_the_start_alone(mosquitto, side):
    server = mosquitto()
    here = side("here").start()
    with server.client() as client:
        client.publish("sensor/a", b'{"n": 1}', retain=True)
    arguments = ("from", server.url, "--subject", "sensor/a", "--topic", "E_A", *with_session)
    source = here.bridge(*arguments)
    publish(server, [2])
    wait_until(lambda: here.numbers() == [2], what="the new one")
    assert source.stop() == 0
    # A session that is there goes on where it was.
    source = here.bridge(*arguments, "--from", "start")
    publish(server, [3])
    wait_until(lambda: here.numbers() == [2, 3], what="the next one")
    assert source.stop() == 0
    source = here.bridge(*arguments, "--from", "start", "--set", "client-id=another")
    wait_until(lambda: here.numbers() == [2, 3, 1], what="the retained one")
    assert source.stop() == 0


def test_a_dry_run_shows_what_would_come_in_and_takes_nothing_away(mosquitto, side):
    server = mosquitto()
    here = side("here").start()
    arguments = ("from", server.url, "--subject", "sensor/#", "--topic", "E_{subject}", *with_session)
    source = here.bridge(*arguments)
    look = here.bridge(*arguments, "--dry-run")
    publish(server, [7])
    assert look.wait_for_stdout_lines(1) == ['sensor/a E_sensor_a {"n":7}']
    wait_until(lambda: here.numbers() == [7], what="the event")
    assert look.stop() == 0 and source.stop() == 0
    assert "connections 1" in source.stderr


@pytest.mark.parametrize("qos", [0, 1])
def test_it_reads_through_tls(mosquitto, side, test_dir, qos):
    make_certificates(test_dir)
    server = mosquitto(
        "allow_anonymous true\n"
        f"cafile {test_dir}/server.pem\ncertfile {test_dir}/server.pem\nkeyfile {test_dir}/server.key\n"
    )
    url = server.url.replace("mqtt", "mqtts")
    here, there = side("here").start(), side("there").start()
    trust = ("--tls-ca", test_dir / "server.pem", "--set", f"qos={qos}")
    source = there.bridge("from", url, "--subject", "zevi/#", *trust)
    here.bridge("to", url, *trust)
    here.publish("E_A", range(3000))
    wait_until(lambda: len(there.events()) >= 3000, what="all events")
    assert there.numbers() == list(range(3000))
    assert source.stop() == 0
    assert "received 3000, published 3000" in source.stderr and "connections 1" in source.stderr


@pytest.fixture
def fake_server(run_program):
    """`fake_server(...)` is a `FakeMqttServer`, which ends with the test."""
    skip_unless_bridge_knows("mqtt://HOST", run_program)
    opened = []

    def start(**how):
        opened.append(FakeMqttServer(greeting=welcome, **how))
        return opened[-1]

    yield start
    for server in opened:
        server.close()


def test_topics_that_the_server_does_not_give_are_told(fake_server, run_program):
    server = fake_server(subscribed=b"\x90\x03\x00\x01\x80")
    program = run_program("zevi-bridge", "from", server.url, "--subject", "secret/#")
    program.wait_for_stderr("the server does not let us read secret/#")
    assert program.stop() == 0


@pytest.mark.parametrize(
    "message",
    [
        packet(0x32, b"\x00\x00\x00\x01{}"),  # no topic
        packet(0x32, b"\x00\x02a\xff\x00\x01{}"),  # no UTF-8
        packet(0x32, b"\x00\x01a\x00\x00{}"),  # no number
        packet(0x36, b"\x00\x01a\x00\x01{}"),  # no QoS
        packet(0x32, b"\xff\xffa"),
        b"\x32\xff\xff\xff\xff\xff",
    ],
)
def test_messages_that_are_none_are_left_with_the_connection(fake_server, side, message):
    here = side("here").start()
    server = fake_server(subscribed=granted + message + packet(0x32, b"\x00\x01a" + struct.pack("!H", 2) + b'{"n": 1}'))
    source = here.bridge("from", server.url, "--subject", "#", "--topic", "E_A")
    wait_until(lambda: server.connections >= 2, what="another attempt")
    assert source.stop() == 0
    assert "trying again" in source.stderr
    assert here.events() == []


def test_a_wrong_command_line_is_told_in_a_line(run_program):
    skip_unless_bridge_knows("mqtt://HOST", run_program)
    wrong = {
        ("from", "mqtt://a"): "no --subject given",
        ("from", "mqtt://a", "--subject", "a#"): "'a#' is no topics of MQTT",
        ("from", "mqtt://a", "--subject", ""): "'' is no topics of MQTT",
        ("from", "mqtt://a", "--subject", "a", "--set", "session=yes"): "--set session is on or off, not 'yes'",
        ("from", "mqtt://a/b", "--subject", "a"): "--subject says where to",
    }
    check_wrong_command_lines(partial(run_program, "zevi-bridge"), wrong)
