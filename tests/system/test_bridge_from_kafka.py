"""`zevi bridge from kafka://...` with librdkafka's mock of a cluster: what is in topics comes into the local broker.

The mock is no Kafka, and its time goes four times as fast. It has groups, their sessions and their offsets, but it looks up no offsets by time, and keeps 5 MB of a partition.
"""

from __future__ import annotations

import json
import time
from functools import partial

import msgpack
import pytest
from bridge_bus import check_wrong_command_lines, skip_unless_bridge_knows
from bridge_kafka import KafkaCluster
from bridge_side import check_that_all_is_read_though_bridge_and_server_are_killed, check_that_two_sides_see_every_event_once
from zevi_test import free_port, wait_until

# Of the protocol.
offset_commit, join_group = 8, 11
topic_not_authorized, group_not_authorized, invalid_session = 29, 30, 26

#: A bridge that was killed is believed to be there for a second.
short = ("--set", "session=4s")


@pytest.fixture
def cluster(run_program):
    one = KafkaCluster(run_program)
    yield one
    one.close()


def of(cluster, *options, subject="sensor.a", topic="E_A"):
    """The arguments of a bridge."""
    return ("from", cluster.url, "--subject", subject, "--topic", topic, *short, *options)


def write_until_it_arrives(writer, here, number, **how):
    """Nothing says when the members of a group have been given its partitions."""

    def is_there():
        writer.write_numbers([number], **how)
        time.sleep(0.2)
        return number in here.numbers()

    wait_until(is_there, what="the first to arrive")


def test_two_sides_that_send_and_read_the_same_topics_see_every_event_once_as_it_was(cluster, side):
    cluster.tell("topic", "zevi.E_A", 4)
    cluster.tell("topic", "zevi.E_LAST.C", 4)
    check_that_two_sides_see_every_event_once(side, cluster.url, "--subject", "^zevi\\.", "--from", "start", *short)


def test_messages_of_others_are_events_under_the_topic_that_they_are_given(cluster, side):
    writer = cluster.writer()
    for topic in ("sensor.door", "sensor-rain"):
        cluster.tell("topic", topic, 1)
    for topic, value in (
        ("sensor.door", b'{"open": true, "big": 18446744073709551615}'),
        ("sensor-rain", msgpack.packb({"mm": 1.5, "raw": b"\xff"})),
        ("sensor-rain", b"it rains"),
        ("sensor-rain", b""),
        ("sensor-rain", json.dumps({"mm": "x" * 2000000}).encode()),
        ("sensor.door", json.dumps({"open": False}).encode()),
    ):
        writer.write((topic, b"", value))
    here = side("here").start()
    source = here.bridge(*of(cluster, "--from", "start", subject="sensor.door,sensor-rain", topic="E_{subject}"))
    wait_until(lambda: len(here.events()) == 3, what="the events")
    assert [(e.topic, e.params, e.origin) for e in sorted(here.seen, key=lambda e: e.topic)] == [
        ("E_sensor-rain", {"mm": 1.5, "raw": b"\xff"}, cluster.url),
        ("E_sensor.door", {"open": True, "big": 18446744073709551615}, cluster.url),
        ("E_sensor.door", {"open": False}, cluster.url),
    ]
    assert source.stop() == 0
    assert "received 6, published 3, unwanted 0, returned 0, refused 3" in source.stderr


def test_a_topic_is_read_to_its_end_though_bridges_are_killed_and_the_cluster_goes_away(cluster, side):
    writer = cluster.writer()
    cluster.tell("topic", "sensor.a", 4)

    def take_away():
        cluster.tell("down")
        cluster.tell("up")

    check_that_all_is_read_though_bridge_and_server_are_killed(
        side("here").start(), of(cluster, "--from", "start"), writer.write_numbers, take_away
    )


def test_a_topic_keeps_what_the_broker_has_not_taken_in_and_a_look_takes_nothing(cluster, side, run_program):
    writer = cluster.writer()
    cluster.tell("topic", "sensor.a", 1)
    writer.write_numbers(range(100))
    here = side("here")
    look = run_program("zevi-bridge", *of(cluster, "--from", "start", "--dry-run"))
    source = here.bridge(*of(cluster, "--from", "start"))
    source.wait_for_stderr("waiting for a broker")
    source.kill()
    assert look.wait_for_stdout_lines(100)[99] == 'sensor.a E_A {"n":99}'
    assert look.stop() == 0
    here.start()
    source = here.bridge(*of(cluster))
    wait_until(lambda: here.numbers() == list(range(100)), what="the events")
    assert source.stop() == 0
    assert "received 100" in source.stderr


def test_it_begins_now_and_goes_on_where_it_was(cluster, side):
    writer = cluster.writer()
    cluster.tell("topic", "sensor.a", 1)
    writer.write_numbers([0, 1])
    here = side("here").start()
    source = here.bridge(*of(cluster))
    write_until_it_arrives(writer, here, 2)
    assert source.stop() == 0
    assert set(here.numbers()) == {2}
    before = len(here.events())
    # What is asked to stop may leave its last batch to the next one: there 2 may come once more.
    writer.write_numbers([3, 4])
    # What the group has never read is new, once there is the group.
    writer.write_numbers([5, 6], topic="sensor.new")
    source = here.bridge(*of(cluster, subject="^sensor\\."))
    wait_until(lambda: {3, 4, 5, 6} <= set(here.numbers()), what="what came while it was away")
    assert source.stop() == 0
    assert [n for n in sorted(here.numbers()[before:]) if n != 2] == [3, 4, 5, 6]
    assert "lost 0" in source.stderr


def test_members_of_a_group_share_its_events_and_lose_none_when_one_goes(cluster, side):
    writer = cluster.writer()
    cluster.tell("topic", "sensor.a", 4)
    sides = [side("here").start(), side("there").start()]
    keys = [b"%d" % key for key in range(16)]
    count = 0

    def publish():
        nonlocal count
        writer.write(*(("sensor.a", keys[n % 16], b'{"n": %d}' % n) for n in range(count, count + 160)))
        count += 160

    def all_seen():
        return set(sides[0].numbers()) | set(sides[1].numbers()) == set(range(count))

    sources = [sides[0].bridge(*of(cluster, "--set", "group=shared", "--from", "start"))]
    publish()
    wait_until(all_seen, what="the events")
    sources.append(sides[1].bridge(*of(cluster, "--set", "group=shared")))

    def other_sees():
        publish()
        time.sleep(0.2)
        return sides[1].events()

    wait_until(other_sees, what="a share")
    wait_until(all_seen, what="the events")
    sources[0].kill()
    publish()
    wait_until(all_seen, what="the events of both")
    assert sources[1].stop() == 0
    # Each key is in order, with what came again.
    for one in sides:
        for key in range(16):
            numbers = list(dict.fromkeys(n for n in one.numbers() if n % 16 == key))
            assert numbers == sorted(numbers)


def test_what_the_cluster_has_no_longer_is_counted(cluster, side):
    writer = cluster.writer()
    cluster.tell("topic", "sensor.a", 1)
    writer.write_numbers([0])
    here = side("here").start()
    source = here.bridge(*of(cluster, "--from", "start"))
    wait_until(lambda: here.numbers() == [0], what="the event")
    assert source.stop() == 0
    for n in range(1, 101):
        writer.write(("sensor.a", b"key", b'{"n": %d, "text": "%s"}' % (n, b"x" * 60000)))
    writer.write_numbers([101])
    source = here.bridge(*of(cluster))
    wait_until(lambda: here.numbers()[-1] == 101, what="the last event")
    assert source.stop() == 0
    lost = here.numbers()[1] - 1
    assert lost > 0 and here.numbers() == [0, *range(lost + 1, 102)]
    # The first one too, if it was not committed any more.
    assert f"received {101 - lost}" in source.stderr
    assert f"lost {lost}," in source.stderr or f"lost {lost + 1}," in source.stderr


def test_offsets_that_cannot_be_committed_are_told_and_what_is_before_them_comes_again(cluster, side):
    writer = cluster.writer()
    cluster.tell("topic", "sensor.a", 1)
    here = side("here").start()
    source = here.bridge(*of(cluster, "--from", "start"))
    writer.write_numbers([0])
    wait_until(lambda: here.numbers() == [0], what="the event")
    cluster.tell("error", offset_commit, group_not_authorized, 1)
    writer.write_numbers([1])
    source.wait_for_stderr("cannot commit offsets: Broker: Group authorization failed; trying again")
    # If the first one was just about to be committed, it is that one.
    wait_until(lambda: here.numbers() in ([0, 1, 1], [0, 0, 1]), what="one event once more")
    assert source.stop() == 0


def test_a_cluster_that_does_not_let_it_read_is_told(cluster, side):
    cluster.tell("topic", "sensor.a", 1)
    here = side("here").start()
    for code, words in ((group_not_authorized, "Group authorization failed"), (invalid_session, "session timeout")):
        cluster.tell("error", join_group, code, 1)
        source = here.bridge(*of(cluster))
        source.wait_for_stderr(words)
        assert source.stop() == 0
    cluster.tell("topic-error", "sensor.a", topic_not_authorized)
    source = here.bridge(*of(cluster))
    source.wait_for_stderr("Topic authorization failed")
    assert source.stop() == 0


def test_a_topic_that_is_not_there_is_told_and_waited_for_and_holds_up_no_other(cluster, side):
    writer = cluster.writer()
    cluster.tell("topic", "sensor.a", 1)
    cluster.tell("topic-error", "later", 3)
    here = side("here").start()
    alone = here.bridge(*of(cluster, "--from", "start", "--set", "group=alone", subject="later"))
    source = here.bridge(*of(cluster, "--from", "start", subject="later,sensor.a"))
    writer.write_numbers([1])
    wait_until(lambda: here.numbers() == [1], what="the event")
    alone.wait_for_stderr("later: Broker: Unknown topic or partition")
    cluster.tell("topic-error", "later", 0)
    writer.write_numbers([2], topic="later")
    wait_until(lambda: 2 in here.numbers(), what="the other event")
    assert alone.stop() == 0 and source.stop() == 0


def test_a_cluster_that_says_nothing_or_is_not_there_is_told_and_left_at_once(cluster, side, run_program):
    here = side("here").start()
    source = here.bridge(*of(cluster))
    nobody = run_program("zevi-bridge", "from", f"kafka://127.0.0.1:{free_port()}", "--subject", "a", *short)
    nobody.wait_for_stderr("Connection refused")
    cluster.program.pause()
    silent = run_program("zevi-bridge", *of(cluster))
    silent.wait_for_stderr("no answer within two seconds")
    for program in (nobody, silent, source):
        assert program.stop(deadline=5) == 0
    cluster.program.resume()


def test_a_wrong_command_line_is_told_in_a_line(run_program):
    skip_unless_bridge_knows("kafka://HOST", run_program)
    wrong = {
        ("from", "kafka://a"): "no --subject given",
        ("from", "kafka://a", "--subject", ""): "'' is no topic of Kafka",
        ("from", "kafka://a", "--subject", "a,b/c"): "'b/c' is no topic of Kafka",
        ("from", "kafka://a", "--subject", "^("): "'^(' is no topic of Kafka, nor ^ and a regular expression",
        ("from", "kafka://a", "--subject", "a", "--set", "session=1ms"): "--set session is 1s to 30m",
        ("from", "kafka://a/b", "--subject", "a"): "with nothing behind it",
    }
    check_wrong_command_lines(partial(run_program, "zevi-bridge"), wrong)
