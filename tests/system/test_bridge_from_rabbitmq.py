"""`zevi bridge from amqp://...`: what RabbitMQ gives comes into the local broker, and is acknowledged when it is there."""

from __future__ import annotations

import json
from functools import partial

import msgpack
from bridge_bus import check_wrong_command_lines, skip_unless_bridge_knows
from bridge_rabbitmq import Queue, rabbitmq, shared_rabbitmq  # noqa: F401
from bridge_side import check_that_all_is_read_though_bridge_and_server_are_killed, check_that_two_sides_see_every_event_once
from zevi_test import wait_until


def publish(server, numbers, key="sensor.a"):
    """Returns when the server has confirmed them."""
    channel = server.channel()
    channel.confirm_delivery()
    for n in numbers:
        channel.basic_publish("amq.topic", key, b'{"n": %d}' % n, server.persistent())
    channel.connection.close()


def test_two_sides_that_send_and_read_the_same_keys_see_every_event_once_as_it_was(rabbitmq, side):
    check_that_two_sides_see_every_event_once(side, rabbitmq.url, "--subject", "zevi.#")


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

    def kill_server():
        rabbitmq.kill()
        rabbitmq.start()

    published = check_that_all_is_read_though_bridge_and_server_are_killed(
        here, arguments, lambda numbers: publish(rabbitmq, numbers), kill_server
    )
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
    wait_until(lambda: here.numbers() == list(range(10)), what="the events")
    second = run_program("zevi-bridge", "from", rabbitmq.url, *arguments)
    second.wait_for_stderr("RabbitMQ has closed the channel: ACCESS_REFUSED - queue 'mine' in vhost '/' in exclusive use")
    assert second.stop() == 0
    queue.channel.queue_delete("mine")
    source.wait_for_stderr("the queue has gone away")
    source.wait_for_stderr("there is no queue 'mine': make it in RabbitMQ, or name another by --set queue")
    Queue(queue.channel, "mine", key="sensor.#")
    publish(rabbitmq, [10])
    wait_until(lambda: here.numbers()[-1] == 10, what="the event")
    assert source.stop() == 0
    elsewhere = run_program("zevi-bridge", "from", rabbitmq.url, "--set", "exchange=nowhere", "--subject", "#")
    elsewhere.wait_for_stderr("there is no exchange 'nowhere'")
    assert elsewhere.stop() == 0


def test_a_wrong_command_line_is_told_in_a_line(run_program):
    skip_unless_bridge_knows("amqp://HOST", run_program)
    wrong = {
        ("--set", "exchange=", "--subject", "a"): "the exchange without a name cannot be read",
        ("--set", "queue=" + "x" * 256, "--subject", "a"): "--set queue is a name of 255 bytes at most",
        ("--subject", "x" * 256): "--subject is a key of 255 bytes at most",
    }
    check_wrong_command_lines(partial(run_program, "zevi-bridge", "from", "amqp://a"), wrong)
