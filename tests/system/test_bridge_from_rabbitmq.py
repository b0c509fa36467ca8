"""`zevi bridge from amqp://...`: what RabbitMQ gives comes into the local broker, and is acknowledged when it is there."""

from __future__ import annotations

import itertools
import json
import os

import msgpack
from bridge_bus import skip_unless_bridge_knows
from bridge_rabbitmq import Queue, rabbitmq, shared_rabbitmq  # noqa: F401
from zevi_test import wait_until

#: By hand 1000000 and 5.
events_count = int(os.environ.get("ZEVI_BRIDGE_EVENTS", "3000"))
kills = int(os.environ.get("ZEVI_BRIDGE_KILLS", "2"))
patience = 30 + events_count / 5000


def publish(server, numbers, key="sensor.a"):
    """Returns when the server has confirmed them."""
    channel = server.channel()
    channel.confirm_delivery()
    for n in numbers:
        channel.basic_publish("amq.topic", key, b'{"n": %d}' % n, server.persistent())
    channel.connection.close()


def numbers_of(side):
    return [event.params["n"] for event in side.events()]


def test_two_sides_that_send_and_read_the_same_keys_see_every_event_once_as_it_was(rabbitmq, side):
    sides = [side("here").start(), side("there").start()]
    sources = [one.bridge("from", rabbitmq.url, "--subject", "zevi.#") for one in sides]
    senders = [one.bridge("to", rabbitmq.url) for one in sides]
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
    original = {(e.params["by"], e.params["n"]): e for e in sides[0].seen if e.topic == "E_A"}
    assert sorted(original) == sorted(itertools.product(("here", "there"), range(200)))
    for event in sides[1].seen:
        if event.topic == "E_A":
            before = original[event.params["by"], event.params["n"]]
            assert (event.params, event.time_ns, event.src) == (before.params, before.time_ns, before.src)
    for source, sender in zip(sources, senders):
        assert "received 402, published 201, unwanted 0, returned 201" in source.stderr
        assert "read 402, acknowledged 201" in sender.stderr and "brought_in 201" in sender.stderr


def test_messages_of_others_are_events_under_the_topic_that_they_are_given(rabbitmq, side):
    here = side("here").start()
    source = here.bridge("from", rabbitmq.url, "--subject", "sensor.#", "--topic", "E_{subject}")
    channel = rabbitmq.channel()
    for key, payload in (
        ("sensor.door", b'{"open": true, "big": 18446744073709551615}'),
        ("sensor.rain/roof", msgpack.packb({"mm": 1.5, "raw": b"\xff"})),
        ("sensor.rain", b"it rains"),
        ("sensor.rain", b""),
        ("sensor.rain", json.dumps({"mm": "x" * 2000000}).encode()),
        ("sensor.door", json.dumps({"open": False}).encode()),
    ):
        channel.basic_publish("amq.topic", key, payload)
    wait_until(lambda: len(here.events()) == 3, what="the events")
    assert [(e.topic, e.params, e.origin) for e in sorted(here.seen, key=lambda e: e.topic)] == [
        ("E_sensor.door", {"open": True, "big": 18446744073709551615}, rabbitmq.url),
        ("E_sensor.door", {"open": False}, rabbitmq.url),
        ("E_sensor.rain_roof", {"mm": 1.5, "raw": b"\xff"}, rabbitmq.url),
    ]
    assert source.stop() == 0
    assert "received 6, published 3, unwanted 0, returned 0, refused 3" in source.stderr


def test_a_queue_is_read_to_its_end_though_bridge_and_server_are_killed(rabbitmq, side):
    here = side("here").start()
    Queue(rabbitmq.channel(), "mine", key="sensor.#")
    arguments = ("from", rabbitmq.url, "--set", "queue=mine", "--subject", "sensor.#", "--topic", "E_A")
    step = events_count // (2 * kills)
    published = 0
    source = here.bridge(*arguments)
    for kill in range(2 * kills):
        before = len(here.events())
        publish(rabbitmq, range(published, published + step))
        published += step
        wait_until(lambda before=before: len(here.events()) > before, patience, "something to arrive")
        if kill % 2 == 0:
            source.kill()
            source = here.bridge(*arguments)
        else:
            rabbitmq.kill()
            rabbitmq.start()
    wait_until(lambda: numbers_of(here)[-1] == published - 1, patience, "the last event")
    assert source.stop() == 0
    numbers = numbers_of(here)
    assert list(dict.fromkeys(numbers)) == list(range(published))
    # What was not acknowledged comes again, and goes on from there in order.
    assert all(after <= before + 1 for before, after in itertools.pairwise(numbers))
    # Of what the broker has, no more than the last batch was not acknowledged when the bridge was stopped.
    left = Queue(rabbitmq.channel(), "mine", key="sensor.#").messages()
    assert [json.loads(payload)["n"] for _, _, payload in left] == list(range(published))[published - len(left) :]
    assert len(left) <= 512


def test_a_queue_keeps_what_the_broker_has_not_taken_in_and_a_look_leaves_it_all(rabbitmq, side, run_program):
    here = side("here").start()
    queue = Queue(rabbitmq.channel(), "mine", key="sensor.#")
    arguments = ("--set", "queue=mine", "--subject", "sensor.#", "--topic", "E_A")
    publish(rabbitmq, range(10))
    look = run_program("zevi-bridge", "from", rabbitmq.url, *arguments, "--dry-run")
    assert look.wait_for_stdout_lines(10)[9] == 'sensor.a E_A {"n":9}'
    assert look.stop() == 0
    here.broker.kill()
    source = here.bridge("from", rabbitmq.url, *arguments)
    source.wait_for_stderr("waiting for a broker")
    source.kill()
    wait_until(lambda: queue.channel.queue_declare("mine", passive=True).method.message_count == 10, what="all back")
    here.start()
    source = here.bridge("from", rabbitmq.url, *arguments)
    wait_until(lambda: numbers_of(here) == list(range(10)), what="the events")
    second = run_program("zevi-bridge", "from", rabbitmq.url, *arguments)
    second.wait_for_stderr("RabbitMQ has closed the channel: ACCESS_REFUSED - queue 'mine' in vhost '/' in exclusive use")
    assert second.stop() == 0
    queue.channel.queue_delete("mine")
    source.wait_for_stderr("the queue has gone away")
    source.wait_for_stderr("there is no queue 'mine': make it in RabbitMQ, or name another by --set queue")
    Queue(queue.channel, "mine", key="sensor.#")
    publish(rabbitmq, [10])
    wait_until(lambda: numbers_of(here)[-1] == 10, what="the event")
    assert source.stop() == 0
    elsewhere = run_program("zevi-bridge", "from", rabbitmq.url, "--set", "exchange=nowhere", "--subject", "#")
    elsewhere.wait_for_stderr("there is no exchange 'nowhere'")
    assert elsewhere.stop() == 0


def test_a_wrong_command_line_is_told_in_a_line(run_program):
    skip_unless_bridge_knows("amqp://HOST", run_program)
    for arguments, words in {
        ("--set", "exchange=", "--subject", "a"): "the exchange without a name cannot be read",
        ("--set", "queue=" + "x" * 256, "--subject", "a"): "--set queue is a name of 255 bytes at most",
        ("--subject", "x" * 256): "--subject is a key of 255 bytes at most",
    }.items():
        program = run_program("zevi-bridge", "from", "amqp://a", *arguments)
        assert program.wait() == 2, arguments
        assert words in program.stderr and program.stderr.count("\n") == 1, (arguments, program.stderr)
