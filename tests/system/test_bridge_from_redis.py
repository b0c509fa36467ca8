"""`zevi bridge from redis://...`: what is added to streams of Redis comes into the local broker, and is acknowledged when it is there."""

from __future__ import annotations

import json
from functools import partial

import msgpack
import pytest
from bridge_bus import check_wrong_command_lines, make_certificates
from bridge_redis import redis  # noqa: F401
from bridge_side import check_that_all_is_read_though_bridge_and_server_are_killed, check_that_two_sides_see_every_event_once
from zevi_test import free_port, wait_until


def add(server, numbers, stream="sensor:a", **how):
    with server.client(**how) as client:
        pipeline = client.pipeline(transaction=False)
        for n in numbers:
            pipeline.xadd(stream, {"payload": b'{"n": %d}' % n})
        pipeline.execute()


def of(server, *options, stream="sensor:a", topic="E_A"):
    """The arguments of a bridge."""
    return ("from", server.url, "--subject", stream, "--topic", topic, *options)


def pending(server, group="zevi-here", stream="sensor:a"):
    with server.client() as client:
        return client.xpending(stream, group)["pending"]


def stop_acknowledged(source, server, *streams):
    """What is asked to stop may leave its last batch to the next one."""
    for stream in streams or ("sensor:a",):
        wait_until(lambda stream=stream: pending(server, stream=stream) == 0, what="the acknowledgement")
    assert source.stop() == 0


def counts_what_is_added(server):
    with server.client() as client:
        client.xadd("probe", {"n": 1})
        return b"entries-added" in client.execute_command("XINFO", "STREAM", "probe")


def test_two_sides_that_send_and_read_the_same_stream_see_every_event_once_as_it_was(redis, side):
    check_that_two_sides_see_every_event_once(side, redis().url, "--subject", "zevi", send=("--subject", "zevi"))


def test_entries_of_others_are_events_under_the_topic_that_they_are_given(redis, side):
    server = redis()
    here = side("here").start()
    source = here.bridge(*of(server, stream="sensor:door,sensor/rain", topic="E_{subject}"))
    with server.client() as client:
        for stream, fields in (
            ("sensor:door", {"open": "yes", "by": b"\xff"}),
            ("sensor:door", {"payload": b' {"open": true, "big": 18446744073709551615}'}),
            ("sensor:door", {"payload": msgpack.packb({"mm": 1.5, "raw": b"\xff"})}),
            ("sensor:door", {"payload": "it rains"}),
            ("sensor:door", {"payload": b'{"open": ', "n": 1}),
            ("sensor:door", {"payload": b'{"open": '}),
            ("sensor:door", {"payload": json.dumps({"mm": "x" * 2000000})}),
            ("sensor:door", {"text": "x" * 70000}),
            ("sensor:door", {"Zevi-Id": "1-E_A-1", "payload": b"no event"}),
            ("sensor/rain", {"n": "5"}),
        ):
            client.xadd(stream, fields)
    wait_until(lambda: len(here.events()) == 6, what="the events")
    assert {event.origin for event in here.seen} == {server.url}
    assert [e.params for e in here.seen if e.topic == "E_sensor_door"] == [
        {"open": "yes", "by": b"\xff"},
        {"open": True, "big": 18446744073709551615},
        {"mm": 1.5, "raw": b"\xff"},
        {"payload": "it rains"},
        {"payload": '{"open": ', "n": "1"},
    ]
    assert [e.params for e in here.seen if e.topic == "E_sensor_rain"] == [{"n": "5"}]
    stop_acknowledged(source, server, "sensor:door", "sensor/rain")
    assert "received 10, published 6, unwanted 0, returned 0, refused 4, lost 0" in source.stderr


def test_a_stream_is_read_to_its_end_though_bridge_and_server_are_killed(redis, side):
    server = redis()

    def kill_server():
        server.kill()
        server.start()

    check_that_all_is_read_though_bridge_and_server_are_killed(
        side("here").start(), of(server, "--from", "start"), lambda numbers: add(server, numbers), kill_server
    )
    assert pending(server) <= 512


def test_a_stream_keeps_what_the_broker_has_not_taken_in_and_a_look_leaves_it_all(redis, side, run_program):
    server = redis()
    here = side("here")
    add(server, range(100))
    look = run_program("zevi-bridge", *of(server, "--from", "start", "--dry-run"))
    assert look.wait_for_stdout_lines(100)[99] == 'sensor:a E_A {"n":99}'
    assert look.stop() == 0
    with server.client() as client:
        assert client.xinfo_groups("sensor:a") == []
    source = here.bridge(*of(server, "--from", "start"))
    source.wait_for_stderr("waiting for a broker")
    source.kill()
    assert pending(server) == 64
    add(server, range(100, 110))
    here.start()
    source = here.bridge(*of(server))
    wait_until(lambda: len(here.events()) >= 110, what="the events")
    stop_acknowledged(source, server)
    assert here.numbers() == list(range(110))
    with server.client() as client:
        assert client.xlen("sensor:a") == 110


def test_it_begins_now_and_goes_on_where_it_was(redis, side, run_program):
    server = redis()
    here = side("here").start()
    add(server, [0])
    look = run_program("zevi-bridge", *of(server, "--dry-run", stream="sensor:a,later"))
    look.wait_for_stderr("connected to")
    source = here.bridge(*of(server, stream="sensor:a,later"))
    add(server, [1])
    add(server, [2], stream="later")
    wait_until(lambda: sorted(here.numbers()) == [1, 2], what="what came since")
    stop_acknowledged(source, server, "sensor:a", "later")
    add(server, [3, 4])
    source = here.bridge(*of(server, "--from", "start"))
    wait_until(lambda: len(here.events()) == 4, what="what came while it was away")
    assert source.stop() == 0
    other = here.bridge(*of(server, "--from", "start", "--set", "group=other"))
    wait_until(lambda: len(here.events()) == 8, what="all for another group")
    assert other.stop() == 0
    assert here.numbers()[2:] == [3, 4, 0, 1, 3, 4]
    assert len(look.wait_for_stdout_lines(4)) == 4
    assert look.stop() == 0


def test_what_went_out_of_a_stream_unread_is_counted(redis, side):
    server = redis()
    if not counts_what_is_added(server):
        pytest.skip("this server does not count what is added to a stream")
    here = side("here").start()
    client = server.client()
    source = here.bridge(*of(server))
    add(server, range(10))
    wait_until(lambda: len(here.events()) == 10, what="the events")
    stop_acknowledged(source, server)
    assert "lost 0" in source.stderr
    add(server, range(10, 100))
    client.xtrim("sensor:a", maxlen=30, approximate=False)
    source = here.bridge(*of(server))
    wait_until(lambda: len(here.events()) == 40, what="what is left")
    stop_acknowledged(source, server)
    assert "received 30" in source.stderr and "lost 60" in source.stderr
    # What was counted is not counted again.
    source = here.bridge(*of(server))
    add(server, [100])
    wait_until(lambda: here.numbers()[-1] == 100, what="the event")
    wait_until(lambda: pending(server) == 0, what="the acknowledgement")
    source.pause()
    add(server, range(101, 111))
    client.xtrim("sensor:a", maxlen=1, approximate=False)
    source.resume()
    wait_until(lambda: here.numbers()[-1] == 110, what="the last event")
    add(server, [111])
    wait_until(lambda: here.numbers()[-1] == 111, what="another")
    assert source.stop() == 0
    assert "received 3" in source.stderr
    # The end may come before it has looked; then the next one counts.
    source_of_rest = here.bridge(*of(server))
    assert source_of_rest.stop() == 0
    lost = [int(program.stderr.rpartition("lost ")[2].split(",")[0].split()[0]) for program in (source, source_of_rest)]
    assert sum(lost) == 9
    client.close()


def test_what_was_given_and_is_gone_before_it_was_taken_in_is_counted(redis, side):
    server = redis()
    here = side("here")
    add(server, range(10))
    source = here.bridge(*of(server, "--from", "start"))
    source.wait_for_stderr("waiting for a broker")
    source.kill()
    with server.client() as client:
        client.xtrim("sensor:a", maxlen=4, approximate=False)
    here.start()
    source = here.bridge(*of(server))
    wait_until(lambda: here.numbers() == [6, 7, 8, 9], what="what is left")
    stop_acknowledged(source, server)
    assert "received 4" in source.stderr and "lost 6" in source.stderr


def test_a_group_or_stream_that_goes_away_costs_nothing_that_comes_later(redis, side):
    server = redis()
    here = side("here").start()
    source = here.bridge(*of(server))
    add(server, range(5))
    wait_until(lambda: len(here.events()) == 5, what="the events")
    with server.client() as client:
        client.xgroup_destroy("sensor:a", "zevi-here")
        add(server, range(5, 10))
        wait_until(lambda: len(here.events()) == 10, what="the events behind a new group")
        client.flushall()
        client.xadd("sensor:a", {"payload": '{"n": 10}'}, id="5-1")
        client.xadd("sensor:a", {"payload": '{"n": 11}'}, id="5-2")
        wait_until(lambda: len(here.events()) == 12, what="the events of a new stream")
    assert source.stop() == 0
    assert here.numbers() == list(range(12))
    assert "NOGROUP" in source.stderr


def test_consumers_of_one_group_share_its_events(redis, side):
    server = redis()
    sides = [side("here").start(), side("there").start()]
    sources = [one.bridge(*of(server, "--set", "group=shared")) for one in sides]
    for n in range(0, 1000, 10):
        add(server, range(n, n + 10))
    wait_until(lambda: sum(len(one.events()) for one in sides) == 1000, what="the events")
    for source in sources:
        assert source.stop() == 0
    assert sorted(sides[0].numbers() + sides[1].numbers()) == list(range(1000))
    assert all(one.numbers() == sorted(one.numbers()) for one in sides)


def test_large_entries_are_read_through_tls(redis, side, test_dir):
    make_certificates(test_dir)
    port = free_port()
    server = redis(
        "--tls-port", port, "--tls-cert-file", test_dir / "server.pem", "--tls-key-file", test_dir / "server.key",
        "--tls-ca-cert-file", test_dir / "server.pem", "--tls-auth-clients", "no",
    )  # fmt: skip
    here = side("here").start()
    with server.client() as client:
        for n in range(500):
            client.xadd("sensor:a", {"n": n, "text": "x" * 50000})
    arguments = ("--subject", "sensor:a", "--topic", "E_A", "--from", "start", "--tls-ca", test_dir / "server.pem")
    source = here.bridge("from", f"rediss://127.0.0.1:{port}", *arguments)
    wait_until(lambda: len(here.events()) >= 500, what="the events")
    assert here.numbers() == [str(n) for n in range(500)]
    assert source.stop() == 0
    assert "received 500, published 500" in source.stderr and "connections 1" in source.stderr


def test_what_cannot_be_read_is_told_and_waited_for(redis, side, run_program):
    server = redis("--user", "me", "on", ">s3cret", "~sensor:*", "+@all", "-xack")
    here = side("here").start()
    with server.client() as client:
        client.set("sensor:b", "mine")
        source = run_program("zevi-bridge", *of(server, stream="sensor:b"), "--name", "here", "--runtime-dir", here.runtime_dir)
        source.wait_for_stderr("cannot read the stream sensor:b: WRONGTYPE")
        client.delete("sensor:b")
        source.wait_for_stderr("connected")
        add(server, [1], stream="sensor:b")
        wait_until(lambda: here.numbers() == [1], what="the event")
        assert source.stop() == 0
    environment = {"ZEVI_BRIDGE_PASSWORD": "s3cret"}
    for stream, words in (("other", "cannot read the stream other: NOPERM"), ("sensor:a", "cannot acknowledge entries")):
        options = ("--user", "me", "--name", "there", "--runtime-dir", here.runtime_dir, "--from", "start")
        add(server, [2])
        source = run_program("zevi-bridge", *of(server, *options, stream=stream), env=environment)
        source.wait_for_stderr(words)
        assert source.stop() == 0
    # Of what is there and cannot be acknowledged nothing comes twice in one run.
    assert here.numbers() == [1, 2, 2]


def test_a_wrong_command_line_is_told_in_a_line(run_program, redis):
    redis()  # a build without Redis is skipped
    wrong = {
        ("from", "redis://a"): "no --subject given",
        ("from", "redis://a", "--subject", ""): "'' is no streams of Redis",
        ("from", "redis://a", "--subject", "a,,b"): "'a,,b' is no streams of Redis",
        ("from", "redis://a", "--subject", "a,b,a"): "'a,b,a' is no streams of Redis",
        ("from", "redis://a", "--subject", ",".join(map(str, range(65)))): "--subject names more than 64 streams",
        ("from", "redis://a/x", "--subject", "a"): "with a number as the database",
        ("from", "redis://me@a", "--subject", "a"): "Redis wants a password for user 'me'",
    }
    check_wrong_command_lines(partial(run_program, "zevi-bridge"), wrong)
