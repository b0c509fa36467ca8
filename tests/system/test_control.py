"""What the broker says about itself at `control`, and the commands that show it."""

import json
import os
import time

import pytest
import zmq

from zevi_test import RawControl, RawPublisher, RawSubscriber, wait_until


def acknowledged(publisher, topic, params, **fields):
    """Sends a batch and waits until the broker has dealt with it."""
    s = publisher.events(topic, params, **fields)
    publisher.beat()  # is answered at once
    publisher.expect_ack(s)


@pytest.fixture
def scene(zevid):
    broker = zevid()
    with RawPublisher(broker.ingress, src="worker").open() as publisher, RawControl(broker.endpoint("control")) as control:
        yield broker, publisher, control


def test_what_was_sent_is_what_came_in_and_what_was_lost_by_topic_and_publisher(scene):
    broker, publisher, control = scene
    acknowledged(publisher, "E_A", [{"i": i} for i in range(5)])
    acknowledged(publisher, "E_A", [{}, {}], p=9)  # 6, 7 and 8 were dropped
    acknowledged(publisher, "E_A", [{}, {}, {}, {}], p=11, body=b"no body")
    acknowledged(publisher, "E_B", [{}])
    publisher.beat(d={"E_B": 2})
    wait_until(lambda: control.topic("E_B")["lost_before"] == 2, what="the drops of the beat")

    a, b = control.topic("E_A"), control.topic("E_B")
    assert (a["events"], a["next_q"], a["lost_before"]) == (7, 8, 3 + 4)
    assert (a["dropped"], a["invalid"], a["expired"]) == (3, 4, 0)
    assert (b["events"], b["dropped"], b["invalid"]) == (1, 2, 0)
    assert a["bytes"] > 0 and abs(a["last_seen_ns"] - time.time_ns()) < 60e9
    [worker] = control.rows("publishers")
    assert (worker["src"], worker["pid"], worker["id"], worker["live"]) == ("worker", os.getpid(), publisher.id, True)
    assert (worker["events"], worker["dropped"], worker["invalid"], worker["topics"]) == (8, 5, 4, 2)
    assert worker["since_ns"] <= worker["last_seen_ns"]
    stats = control.stats()
    assert stats["pid"] == broker.pid and stats["publishers_live"] == 1 and stats["topics"] == 2
    assert stats["counters"]["events_received"] == 8
    assert stats["counters"]["events_lost_before"] == worker["dropped"] + worker["invalid"]
    assert {name: stats["endpoints"][name] for name in ("ingress", "control")} == {
        "ingress": broker.ingress,
        "control": broker.endpoint("control"),
    }
    assert stats["memory_bytes"] > 1 << 20 and stats["uptime_s"] > 0


def test_expired_events_are_on_the_account_of_their_publisher_and_topic(zevid):
    broker = zevid("--max-age", "E_OLD=1s")
    with RawPublisher(broker.ingress).open() as publisher, RawControl(broker.endpoint("control")) as control:
        acknowledged(publisher, "E_OLD", [{}, {}], time_ns=1_700_000_000_000_000_000)
        assert control.topic("E_OLD")["expired"] == control.rows("publishers")[0]["expired"] == 2
        assert control.topic("E_OLD")["lost_before"] == 2


def test_the_history_that_a_topic_has_and_what_of_each_limit_is_used(zevid):
    broker = zevid("--history", "E_KEPT=2MB,1h,3events", "--history", "*=none")
    with RawPublisher(broker.ingress).open() as publisher, RawControl(broker.endpoint("control")) as control:
        for i in range(5):
            acknowledged(publisher, "E_KEPT", [{"i": i}])
        acknowledged(publisher, "E_GONE", [{}])
        kept = control.topic("E_KEPT")
        assert (kept["held_first_q"], kept["held_events"]) == (3, 3) and kept["held_bytes"] > 0
        assert control.topic("E_GONE")["held_events"] == 0
        limits = {limit["prefix"]: limit for limit in control.stats()["history"]}
        assert limits["E_KEPT"]["events"] == 3 and limits["E_KEPT"]["events_max"] == 3
        assert limits["E_KEPT"]["bytes_max"] == 2_000_000 and limits["E_KEPT"]["age_max_ns"] == 3600 * 10**9
        assert not limits[""]["kept"]
        options = [(row["option"], row["value"]) for row in control.rows("config")]
        assert ("history", "E_KEPT=2000000,1h,3events") in options and ("history", "*=none") in options
        assert ("interest-linger", "2s") in options


def test_what_a_store_holds_is_told_beside_what_memory_holds(needs_store, zevid, test_dir, run_zevi):
    options = ("--store", test_dir / "store", "--history", "*=64MB", "--ack", "E_KEPT=written")
    broker = zevid(*options)
    with RawPublisher(broker.ingress).open() as publisher, RawControl(broker.endpoint("control")) as control:
        for i in range(5):
            acknowledged(publisher, "E_KEPT", [{"i": i}])
        wait_until(lambda: control.counter("store_written") == 5, what="all to be written")
        wait_until(lambda: control.stats()["store"]["waiting_bytes"] == 0, what="nothing to wait")
        told = control.stats()["store"]
        assert told["bytes"] > 0
        del told["bytes"]
        assert told == {
            "directory": str(test_dir / "store"), "state": "ok", "reason": "", "left_out": 0, "events": 5, "waiting_bytes": 0
        }
        options_told = [(row["option"], row["value"]) for row in control.rows("config")]
        assert ("store", str(test_dir / "store")) in options_told and ("ack", "E_KEPT=written") in options_told
        assert ("store-size", "1000000000") in options_told
    broker.stop_cleanly()
    # Memory begins anew, the disk does not.
    again = zevid(*options)
    with RawControl(again.endpoint("control")) as control:
        topic = control.topic("E_KEPT")
        assert (topic["held_events"], topic["stored_first_q"], topic["stored_events"]) == (0, 1, 5)
        assert topic["stored_bytes"] == control.stats()["store"]["bytes"] > 0
    table = run_zevi("topics")
    assert table.wait() == 0 and "IN MEMORY  MEMORY BYTES  ON DISK  DISK BYTES" in table.stdout
    shown = run_zevi("status")
    assert shown.wait() == 0
    assert f"{test_dir}/store: 5 events, " in shown.stdout and "DEGRADED" not in shown.stdout


def test_a_broker_without_a_store_says_so(scene, run_zevi):
    _, _, control = scene
    assert control.stats()["store"] == {}
    assert ("store", "") in [(row["option"], row["value"]) for row in control.rows("config")]
    shown = run_zevi("status")
    assert shown.wait() == 0 and "none, the history is in memory alone" in shown.stdout


def test_subscriptions_are_counted_by_prefix_and_endpoint_and_those_that_linger_are_marked(scene):
    broker, publisher, control = scene
    acknowledged(publisher, "E_AB", [{}])
    with RawSubscriber(broker.stream, ["E_A"]), RawSubscriber(broker.stream, ["E_A", ""]):
        with RawSubscriber(broker.events, ["E_AB"], plain=True):
            rows = {row["prefix"]: row for row in control.rows("subscriptions")}
            assert rows["E_A"] == {"prefix": "E_A", "stream": 2, "events": 0, "routes": 0, "lingers": False}
            assert rows[""]["stream"] == 1 and rows["E_AB"]["events"] == 1
            topic = control.topic("E_AB")
            assert (topic["subscriptions_stream"], topic["subscriptions_events"]) == (3, 1)
            assert control.stats()["subscriptions_stream"] == 3
        wait_until(lambda: any(row["lingers"] for row in control.rows("subscriptions")), what="E_AB to linger")
    wait_until(lambda: control.stats()["subscriptions_stream"] == 0, what="all to be gone")
    wait_until(lambda: control.rows("subscriptions") == [], what="nothing to linger any more")


def test_a_publisher_that_ended_is_remembered(scene):
    _, publisher, control = scene
    acknowledged(publisher, "E_A", [{}])
    publisher.bye()
    wait_until(lambda: not control.rows("publishers")[0]["live"], what="the publisher to be gone")
    assert control.stats()["publishers_live"] == 0 and control.stats()["publishers_known"] == 1


def test_what_readers_report_as_lost_is_summed_by_topic(scene):
    _, publisher, control = scene
    acknowledged(publisher, "E_A", [{} for _ in range(10)])
    assert "reason" not in control.ask("lost", t="E_A", q=3, n=4, src="reader", pid=1)
    assert "reason" not in control.ask("lost", t="E_A", n=1)
    assert control.topic("E_A")["lost_after"] == 5 and control.counter("events_lost_after") == 5
    for wrong in ({}, {"t": "E_A"}, {"n": 1}, {"t": "E_NO", "n": 1}, {"t": "E_A", "n": 11}, {"t": "E_A", "q": 8, "n": 4}):
        assert control.ask("lost", **wrong)["reason"], wrong
    assert control.topic("E_A")["lost_after"] == 5


def test_a_long_list_comes_in_as_many_answers_as_it_takes_each_row_once(scene):
    _, publisher, control = scene
    names = [f"E_{i:04}" for i in range(500)]
    for name in names[:-1]:
        publisher.events(name, [{}])
    acknowledged(publisher, names[-1], [{}])
    first = control.ask("topics", rows_max=7)
    assert len(first["rows"]) == 7 and first["more"] and first["next"] == "E_0007"
    assert [row["topic"] for row in control.rows("topics", rows_max=99)] == names
    publishers = [RawPublisher(publisher.socket.last_endpoint.decode()).open() for _ in range(5)]
    ids = sorted([publisher.id] + [p.id for p in publishers])
    assert [row["id"] for row in control.rows("publishers", rows_max=2)] == ids
    for other in publishers:
        other.close()


def test_questions_that_come_all_at_once_are_each_answered(scene):
    _, _, control = scene
    asked = [control.send("wombat") for _ in range(64)]
    assert [control.receive()["i"] for _ in asked] == asked
    assert control.counter("control_unread") == 0


def test_hostile_questions_are_refused_in_words_and_harm_nobody(scene):
    broker, publisher, control = scene
    for frames in ([b""], [b"\xc1"], [b"\x93\x01"], [b"\x81\xa3cmd\x07"], [b"\xdf\xff\xff\xff\xff"], [b"\x80", b"\x80"]):
        control.socket.send_multipart(frames)
        assert control.receive()["reason"]
    assert "no such command" in control.ask("wombat")["reason"]
    assert control.ask("topics", rows_max=0)["reason"] and control.ask("topics", rows_max=1 << 40)["reason"]
    assert control.rows("publishers", **{"from": "no-number"}) != []
    assert control.counter("control_refused") == 9
    # Above the limit of a frame, libzmq ends the connection.
    with RawControl(broker.endpoint("control")) as other:
        other.socket.send(b"\x81" + b"x" * 100_000)
    # A routing id of one's own, and one that reads no answers, however many it asks for.
    with zmq.Context() as context, context.socket(zmq.DEALER) as named, context.socket(zmq.DEALER) as deaf:
        named.linger = deaf.linger = 0
        named.setsockopt(zmq.ROUTING_ID, b"me")
        named.connect(broker.endpoint("control"))
        named.send(b"\x81\xa3cmd\xa5stats")
        assert named.poll(10_000) and b"routing id" in named.recv()
        deaf.sndhwm, deaf.rcvhwm = 0, 1
        deaf.connect(broker.endpoint("control"))
        for _ in range(20_000):
            deaf.send(b"\x81\xa3cmd\xa5stats")
        assert "reason" not in control.ask("stats")
        wait_until(lambda: control.counter("control_unread") > 0, what="the answers nobody reads to be counted")
    acknowledged(publisher, "E_A", [{}])
    assert control.topic("E_A")["events"] == 1


def test_a_question_is_answered_at_once_while_events_stream_in_and_a_long_list_delays_none(scene):
    broker, publisher, control = scene
    with RawPublisher(broker.ingress, src="many").open() as many:
        for i in range(1000):
            many.events(f"E_MANY_{i:04}", [{}])
        acknowledged(many, "E_MANY_LAST", [{}])
    params = [{"i": i, "text": "x" * 100} for i in range(200)]
    with RawSubscriber(broker.stream, ["E_LOAD"]) as subscriber:
        publisher.wait_wanted("E_LOAD")
        answered = []
        for _ in range(100):
            for _ in range(5):
                publisher.events("E_LOAD", params)
            begin = time.monotonic()
            assert control.stats()["pid"] == broker.pid
            answered.append(time.monotonic() - begin)
            control.send("topics")
            assert len(control.receive()["rows"]) >= 1001
        assert sorted(answered)[len(answered) // 2] < 0.1, answered
        assert len(subscriber.events(100_000)) == 100_000
        assert control.topic("E_LOAD")["events"] == 100_000
        assert control.topic("E_LOAD")["rate"] >= 0


# The commands.


def test_status_shows_the_broker_to_people_and_to_programs(scene, run_zevi):
    broker, publisher, _ = scene
    acknowledged(publisher, "E_A", [{}, {}])
    shown = run_zevi("status")
    assert shown.wait() == 0 and shown.stderr == ""
    assert f"pid {broker.pid}" in shown.stdout and "2 events in 1 batches" in shown.stdout
    assert "1 up, 0 ended" in shown.stdout and f"ipc://{broker.runtime_dir}/control" in shown.stdout
    asked = run_zevi("status", "--output", "json", "--endpoint", broker.endpoint("control"))
    assert asked.wait() == 0
    assert json.loads(asked.stdout)["counters"]["events_received"] == 2
    counters = run_zevi("status", "--counters")
    assert counters.wait() == 0
    assert any(line.split()[:2] == ["events_received", "2"] for line in counters.stdout.splitlines())


def test_lists_are_tables_sorted_as_asked_and_json_with_one_object_a_line(scene, run_zevi):
    broker, publisher, control = scene
    acknowledged(publisher, "E_FEW", [{}])
    acknowledged(publisher, "E_MUCH", [{} for _ in range(1500)])
    table = run_zevi("topics", "--sort", "events")
    assert table.wait() == 0
    head, first, second = table.stdout.splitlines()
    assert head.split()[:3] == ["TOPIC", "RATE", "EVENTS"]
    assert first.startswith("E_MUCH ") and " 1500 " in first and second.startswith("E_FEW ")
    assert head.index("EVENTS") + len("EVENTS") == first.index("1500") + 4
    asked = run_zevi("topics", "-o", "json", "--sort", "topic")
    assert asked.wait() == 0
    rows = [json.loads(line) for line in asked.stdout.splitlines()]
    assert [row["topic"] for row in rows] == ["E_FEW", "E_MUCH"]
    assert list(rows[0]) == list(control.topic("E_FEW"))
    with RawSubscriber(broker.stream, ["E_"]):
        subscriptions = run_zevi("subscriptions")
        assert subscriptions.wait() == 0
        assert subscriptions.stdout.splitlines()[1].split() == ["E_*", "1", "0", "0"]
    publisher.beat()
    publishers = run_zevi("publishers")
    assert publishers.wait() == 0
    assert publishers.stdout.splitlines()[1].split()[:4:3] == ["worker", "up"]
    publisher.bye()
    wait_until(lambda: not control.rows("publishers")[0]["live"], what="the publisher to be gone")
    none = run_zevi("publishers")
    assert none.wait() == 0 and none.stdout == "No publishers are up.\n"
    all_of_them = run_zevi("publishers", "--all")
    assert all_of_them.wait() == 0 and " down " in all_of_them.stdout


def test_names_from_publishers_move_no_cursor(scene, run_zevi):
    broker, _, _ = scene
    with RawPublisher(broker.ingress, src="\x1b[2Jevil\n\x9b").open():
        shown = run_zevi("publishers")
        assert shown.wait() == 0
        assert "evil" in shown.stdout and "\x1b" not in shown.stdout and "\x9b" not in shown.stdout
        assert len(shown.stdout.splitlines()) == 3


def test_watch_asks_again_and_again(scene, run_zevi):
    _, publisher, _ = scene
    watching = run_zevi("topics", "--watch", "50ms", "--output", "json")
    acknowledged(publisher, "E_A", [{}])
    lines = watching.wait_for_stdout_lines(3)
    assert all(json.loads(line)["topic"] == "E_A" for line in lines)


@pytest.mark.parametrize("command", ["status", "topics", "publishers", "subscriptions"])
def test_without_a_broker_it_says_where_it_looked_and_exits_1(run_zevi, runtime_dir, command):
    program = run_zevi(command, "--timeout", "200ms")
    assert program.wait() == 1
    assert f"no broker answers at ipc://{runtime_dir}/control: is zevid running?" in program.stderr
    assert program.stderr.startswith(f"zevi {command}: error: ") and program.stderr.count("\n") == 1


@pytest.mark.parametrize(
    "arguments, words",
    [
        (["--sort", "evnts"], "did you mean 'events'"),
        (["--output", "xml"], "--output is json or text"),
        (["--timeout", "0s"], "--timeout is a time above 0"),
        (["--watch", "0s"], "--watch is a time above 0"),
        (["E_X"], "unexpected argument 'E_X'"),
    ],
)
def test_a_wrong_command_line_exits_2(run_zevi, arguments, words):
    program = run_zevi("topics", *arguments)
    assert program.wait() == 2
    assert words in program.stderr


def test_another_endpoint_can_be_chosen(zevid, test_dir, run_zevi):
    endpoint = f"ipc://{test_dir}/elsewhere"
    broker = zevid("--control", endpoint)
    assert "control" not in broker.sockets()
    asked = run_zevi("status", "--endpoint", endpoint, "-o", "json")
    assert asked.wait() == 0
    assert json.loads(asked.stdout)["endpoints"]["control"] == endpoint
