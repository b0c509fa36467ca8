"""`zevi sub` and the broker's history: where it begins, what it fetches, and the cursor that it keeps."""

from __future__ import annotations

import datetime
import json
import signal
import time
from typing import Any, Dict, List

import pytest
import zevi
from zevi_test import Program, RawControl, RawPublisher, Zevid, wait_until


def lines(program: Program) -> List[Dict[str, Any]]:
    return [json.loads(line) for line in program.stdout.splitlines(keepends=True) if line.endswith("\n")]


def numbers(program: Program, topic: str = "E_A") -> List[int]:
    return [line["params"]["n"] for line in lines(program) if line.get("topic") == topic]


def publish(zevid: Zevid, topic: str, values: range) -> None:
    with RawPublisher(zevid.ingress) as publisher:
        publisher.open()
        publisher.expect_ack(publisher.events(topic, [{"n": n} for n in values]))


@pytest.fixture
def sub(run_program):
    """`sub(ARGUMENT...)` starts `zevi sub`, which prints JSON."""
    return lambda *arguments, **how: run_program("zevi-sub", *arguments, **how)


@pytest.fixture
def read(sub):
    """`read(ARGUMENT...)` gives what `zevi sub --no-follow` prints until it ends by itself."""

    def run(*arguments: object) -> Program:
        program = sub(*arguments, "--no-follow")
        assert program.wait() == 0, program.stderr
        return program

    return run


def test_it_reads_what_the_broker_has_and_goes_on_with_what_is_live(zevid, sub):
    broker = zevid()
    publish(broker, "E_A", range(100))
    program = sub("E_A", "--from", "start")
    wait_until(lambda: len(lines(program)) == 100, what="the history")
    publish(broker, "E_A", range(100, 110))
    wait_until(lambda: len(lines(program)) >= 110, what="what is live")
    assert numbers(program) == list(range(110))


def test_without_a_beginning_it_prints_nothing_old(zevid, run_program):
    broker = zevid()
    publish(broker, "E_A", range(5))
    program = run_program("zevi-sub", "E_A", "--count", 1, "--verbose")
    program.wait_for_stderr("subscribed")
    publish(broker, "E_A", range(5, 6))
    assert program.wait() == 0
    assert numbers(program) == [5]


def test_it_begins_where_it_is_told_and_ends_behind_the_history(zevid, read):
    broker = zevid()
    publish(broker, "E_A", range(50))
    publish(broker, "E_B", range(3))
    assert numbers(read("E_A", "--from", "start")) == list(range(50))
    assert numbers(read("E_A", "--from", 41)) == list(range(40, 50))
    assert numbers(read("E_*", "--from", "E_A=41", "--from", "E_B=3"), "E_B") == [2]
    last = read("E_*", "--last", 7)
    assert numbers(last) == list(range(43, 50))
    assert numbers(last, "E_B") == [0, 1, 2]


def test_it_begins_at_a_time_or_so_long_ago(zevid, read):
    broker = zevid()
    publish(broker, "E_A", range(5))
    time.sleep(0.05)  # the clock has to move on between the two
    between = datetime.datetime.now(datetime.timezone.utc)
    time.sleep(0.05)
    publish(broker, "E_A", range(5, 8))
    for since in (between.isoformat(), between.isoformat().replace("+00:00", "Z"), between.astimezone().isoformat()):
        assert numbers(read("E_A", "--since", since)) == [5, 6, 7], since
    assert numbers(read("E_A", "--since", "1h")) == list(range(8))
    assert numbers(read("E_A", "--since", "2124-05-31")) == []


def test_what_a_stopped_reader_missed_is_fetched(zevid, run_program):
    broker = zevid("--subscriber-budget", "1MiB")
    program = run_program("zevi-sub", "E_A", "--verbose", "--ledger", "--count", 600)
    program.wait_for_stderr("subscribed")
    program.send_signal(signal.SIGSTOP)
    with RawPublisher(broker.ingress) as publisher:
        publisher.open()
        for n in range(600):
            s = publisher.events("E_A", [{"n": n, "padding": "x" * 50_000}])
            if n % 50 == 49:
                publisher.expect_ack(s)
    program.send_signal(signal.SIGCONT)
    assert program.wait() == 0
    assert numbers(program) == list(range(600))
    assert lines(program)[-1]["ledger"] == [
        {"topic": "E_A", "arrived": 600, "lost_before_broker": 0, "lost_after_broker": 0, "lost_with_broker": 0}
    ]


def test_what_is_not_repaired_is_reported_to_the_broker(zevid, run_program):
    broker = zevid("--subscriber-budget", "1MiB")
    program = run_program("zevi-sub", "E_A", "--verbose", "--no-repair", "--ledger")
    program.wait_for_stderr("subscribed")
    program.send_signal(signal.SIGSTOP)
    with RawPublisher(broker.ingress) as publisher, RawControl(broker.endpoint("control")) as control:
        publisher.open()
        for n in range(600):
            s = publisher.events("E_A", [{"n": n, "padding": "x" * 50_000}])
            if n % 50 == 49:
                publisher.expect_ack(s)
        program.send_signal(signal.SIGCONT)
        wait_until(lambda: publisher.events("E_A", [{"n": 600}]) and numbers(program)[-1:] == [600], what="an event behind the gap")
        wait_until(lambda: control.topic("E_A")["lost_after"] > 0, what="the report")
        reported = control.topic("E_A")["lost_after"]
    program.send_signal(signal.SIGINT)
    assert program.wait() == 130
    [ledger] = lines(program)[-1]["ledger"]
    assert ledger["lost_after_broker"] == reported


def test_what_is_lost_is_in_the_ledger_with_its_place(zevid, sub):
    broker = zevid()
    program = sub("E_A", "--from", "start", "--ledger")
    with RawPublisher(broker.ingress) as publisher:
        publisher.open()
        publisher.events("E_A", [{"n": 0}])
        publisher.expect_ack(publisher.events("E_A", [{"n": 4}], p=5, dropped=3))
    wait_until(lambda: len(lines(program)) == 2, what="the events")
    program.send_signal(signal.SIGINT)
    assert program.wait() == 130
    assert lines(program)[-1]["ledger"] == [
        {"topic": "E_A", "arrived": 2, "lost_before_broker": 3, "lost_after_broker": 0, "lost_with_broker": 0}
    ]


def test_the_ledger_is_a_table_for_people(zevid, read):
    broker = zevid()
    publish(broker, "E_A", range(5))
    table = read("E_A", "--from", "start", "--ledger", "--output", "text").stdout.splitlines()[5:]
    assert [line.split() for line in table[1:]] == [["E_A", "5", "0", "0", "0"], ["all", "5", "0", "0", "0"]]


def test_a_cursor_goes_on_over_restarts_of_reader_and_broker(zevid, read, tmp_path):
    cursor = tmp_path / "cursor"
    broker = zevid()
    publish(broker, "E_A", range(10))
    assert numbers(read("E_*", "--cursor", cursor, "--from", "start")) == list(range(10))
    assert numbers(read("E_*", "--cursor", cursor, "--from", "start")) == []
    publish(broker, "E_A", range(10, 15))
    publish(broker, "E_B", range(2))
    found = read("E_*", "--cursor", cursor)
    assert numbers(found) == list(range(10, 15))
    assert numbers(found, "E_B") == [0, 1]
    broker.kill()
    broker = zevid()
    publish(broker, "E_A", range(15, 18))
    found = read("E_*", "--cursor", cursor)
    assert numbers(found) == [15, 16, 17]
    assert "new numbering" in found.stderr
    assert numbers(read("E_*", "--cursor", cursor)) == []


def test_a_cursor_begun_now_goes_on_there_before_any_event(zevid, run_program, read, tmp_path):
    cursor = tmp_path / "cursor"
    broker = zevid()
    publish(broker, "E_A", range(5))
    program = run_program("zevi-sub", "E_*", "--cursor", cursor, "--verbose")
    program.wait_for_stderr("subscribed")
    wait_until(cursor.exists, what="the cursor")
    program.send_signal(signal.SIGKILL)
    program.wait()
    publish(broker, "E_A", range(5, 7))
    publish(broker, "E_B", range(1))
    found = read("E_*", "--cursor", cursor)
    assert numbers(found) == [5, 6]
    assert numbers(found, "E_B") == [0]


def test_a_stopped_reader_keeps_its_place_and_count_leaves_the_rest(zevid, sub, read, tmp_path):
    cursor = tmp_path / "cursor"
    broker = zevid()
    publish(broker, "E_A", range(10))
    counted = sub("E_A", "--cursor", cursor, "--from", "start", "--count", 4)
    assert counted.wait() == 0
    program = sub("E_A", "--cursor", cursor)
    wait_until(lambda: len(lines(program)) == 6, what="the rest")
    program.send_signal(signal.SIGINT)
    assert program.wait() == 130
    assert numbers(counted) + numbers(program) == list(range(10))
    assert numbers(read("E_A", "--cursor", cursor)) == []


def test_a_cursor_passes_between_the_command_and_the_python_package(zevid, read, runtime_dir, tmp_path):
    cursor = tmp_path / "cursor"
    broker = zevid()
    publish(broker, "E_A", range(5))
    assert numbers(read("E_A", "--cursor", cursor, "--from", "start")) == list(range(5))
    publish(broker, "E_A", range(5, 8))
    with zevi.subscribe("E_A", runtime_dir=str(runtime_dir), cursor=str(cursor), confirm="call") as subscriber:
        events = [subscriber.receive(20) for _ in range(3)]
        assert [event["n"] for event in events] == [5, 6, 7]
        subscriber.confirm()
    publish(broker, "E_A", range(8, 9))
    assert numbers(read("E_A", "--cursor", cursor)) == [8]


def test_a_file_that_is_no_cursor_is_refused(zevid, sub, tmp_path):
    zevid()
    cursor = tmp_path / "cursor"
    cursor.write_text("{}")
    program = sub("E_A", "--cursor", cursor)
    assert program.wait() == 1
    assert f"cannot use the cursor {cursor}" in program.stderr
    assert cursor.read_text() == "{}"


@pytest.mark.parametrize(
    "arguments, words",
    [
        (["--from", "start", "--since", "5m"], "--from and --since both say where to begin"),
        (["--since", "5m", "--last", "3"], "--since and --last both say where to begin"),
        (["--last", "3", "--events"], "--last needs the history, which --events has not"),
        (["--cursor", "x", "--no-repair"], "--cursor needs the history, which --no-repair leaves alone"),
        (["--from", "start", "--endpoint", "ipc:///x"], "give --replay ENDPOINT beside --endpoint"),
        (["--no-follow"], "--no-follow ends behind the history; say which"),
        (["--from", "0"], "--from is start, a number from 1, or TOPIC=NUMBER, not '0'"),
        (["--from", "E A=1"], "--from is start, a number from 1, or TOPIC=NUMBER, not 'E A=1'"),
        (["--from", "start", "--from", "3"], "leave out the other --from"),
        (["--since", "yesterday"], "--since is how long ago"),
        (["--since", "2024-13-01"], "--since is how long ago"),
        (["--last", "0"], "--last is a number of events from 1"),
        (["--from", "7", "E_B*"], "--from 7 says nothing about the topics of 'E_B*'"),
    ],
)
def test_what_cannot_be_is_refused_with_the_remedy(sub, arguments, words):
    program = sub("E_A", *arguments)
    assert program.wait() == 2
    assert words in program.stderr


def test_a_history_that_cannot_be_had_is_no_success(zevid, sub, tmp_path):
    broker = zevid()
    program = sub(
        "E_A", "--from", "start", "--no-follow",
        "--endpoint", f"ipc://{broker.runtime_dir}/stream", "--replay", f"ipc://{tmp_path}/nobody",
    )  # fmt: skip
    assert program.wait(60) == 1
    assert "the history cannot be had" in program.stderr
