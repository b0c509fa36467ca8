"""`zevi sub` with a real broker: what it prints, and every way in which it ends."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import struct
import subprocess
import termios
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, List, Sequence

import pytest
from zevi_test import Program, RawPublisher, Zevid, deadline_seconds, wait_until

Start = Callable[..., Program]


def lines(program: Program) -> List[Dict[str, Any]]:
    return [json.loads(line) for line in program.stdout.splitlines(keepends=True) if line.endswith("\n")]


@pytest.fixture
def sub(run_program: Start) -> Start:
    """`sub(ARGUMENT...)` starts `zevi sub` and returns when its subscription is live."""

    def start(*arguments: object, **how: Any) -> Program:
        program = run_program("zevi-sub", "--verbose", *arguments, **how)
        program.wait_for_stderr("subscribed")
        return program

    return start


@contextmanager
def connected_sub(find: Callable[[str], Path], runtime_dir: Path, *arguments: str) -> Iterator[subprocess.Popen]:
    """A `zevi sub` whose standard output is a pipe of the test's, killed at the end if it still runs."""
    process = subprocess.Popen(
        [str(find("zevi-sub")), "--verbose", "--runtime-dir", str(runtime_dir), *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    try:
        assert process.stderr is not None
        assert b"subscribed" in process.stderr.readline()
        yield process
    finally:
        process.kill()
        process.wait()
        process.stdout.close()  # type: ignore[union-attr]
        process.stderr.close()


def bytes_in_pipe(pipe: Any) -> int:
    return struct.unpack("i", fcntl.ioctl(pipe, termios.FIONREAD, bytes(4)))[0]


def publish(zevid: Zevid, topic: str, params: Sequence[Any]) -> None:
    with RawPublisher(zevid.ingress) as publisher:
        publisher.open()
        publisher.expect_ack(publisher.events(topic, params, time_ns=1_700_000_000_000_000_001))


@pytest.mark.parametrize("endpoint", [[], ["--events"]], ids=["stream", "events"])
def test_each_event_is_one_json_object_with_its_keys_in_order(zevid, sub, endpoint):
    broker = zevid()
    program = sub("E_SUB_TEST", "--count", 3, *endpoint)
    params = [
        {"message": 'a "b"\r\n\x1b[2J\x9b €', "big": (1 << 64) - 1, "small": -(1 << 63)},
        {},
        {"bytes": b"\xff\x00", "nan": float("nan"), "real": 1.0, "nested": {"list": [None, True, "x"]}},
    ]
    publish(broker, "E_SUB_TEST", params)
    assert program.wait() == 0
    printed = lines(program)
    assert [list(line) for line in printed] == [["topic", "q", "time_ns", "src", "pid", "params"]] * 3
    assert [line["q"] for line in printed] == [1, 2, 3]
    assert {(line["topic"], line["time_ns"], line["src"], line["pid"]) for line in printed} == {
        ("E_SUB_TEST", 1_700_000_000_000_000_001, "raw", os.getpid())
    }
    assert printed[0]["params"] == params[0]
    assert printed[1]["params"] == {}
    assert printed[2]["params"] == {
        "bytes": {"$bin": "/wA="},
        "nan": {"$float": "nan"},
        "real": 1.0,
        "nested": params[2]["nested"],
    }
    assert not any(c < " " or "\x7f" <= c < "\xa0" for c in program.stdout.replace("\n", ""))


def test_an_exact_topic_leaves_out_longer_ones_and_a_star_takes_them(zevid, sub):
    broker = zevid()
    exact = sub("E_A", "--count", 1)
    prefix = sub("E_A*", "--count", 2)
    publish(broker, "E_AB", [{"n": 1}])
    publish(broker, "E_A", [{"n": 2}])
    assert exact.wait() == 0
    assert prefix.wait() == 0
    assert [line["topic"] for line in lines(exact)] == ["E_A"]
    assert [line["topic"] for line in lines(prefix)] == ["E_AB", "E_A"]


def test_lines_are_there_as_soon_as_the_events_have_come(zevid, sub):
    broker = zevid()
    program = sub("*")
    for count in range(1, 4):
        publish(broker, "E_SUB_TEST", [{}])
        wait_until(lambda: len(lines(program)) == count, what=f"{count} lines")


def test_it_ends_with_124_when_nothing_has_come_for_the_time_of_wait(zevid, sub):
    broker = zevid()
    program = sub("E_SUB_TEST", "--wait", "1s")
    publish(broker, "E_SUB_TEST", [{}])
    assert program.wait() == 124
    assert len(lines(program)) == 1


@pytest.mark.parametrize("number, code", [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_it_quietly(zevid, sub, number, code):
    zevid()
    program = sub("*")
    told = program.stderr
    program.send_signal(number)
    assert program.wait() == code
    assert program.stderr == told


def test_it_ends_when_the_reader_of_its_output_goes_without_waiting_for_another_event(zevid, find, runtime_dir):
    broker = zevid()
    with connected_sub(find, runtime_dir, "*") as process:
        publish(broker, "E_SUB_TEST", [{"n": 1}])
        assert b"E_SUB_TEST" in process.stdout.readline()
        process.stdout.close()
        assert process.wait(deadline_seconds) == 0
        assert process.stderr.read() == b""


def test_it_ends_while_its_output_is_blocked(zevid, find, runtime_dir):
    broker = zevid()
    with connected_sub(find, runtime_dir, "*") as process:
        with RawPublisher(broker.ingress) as publisher:
            publisher.open()
            for _ in range(200):
                s = publisher.events("E_SUB_TEST", [{"text": "x" * 4000}] * 10)
            publisher.expect_ack(s)
        # The program writes what a pipe takes for certain, so that some room may be left.
        wait_until(lambda: bytes_in_pipe(process.stdout) > 60_000, what="the pipe to be full")
        process.send_signal(signal.SIGINT)
        assert process.wait(deadline_seconds) == 130


def test_it_says_that_it_waits_for_a_broker_and_goes_on_when_there_is_one(zevid, run_program, runtime_dir):
    program = run_program("zevi-sub", "*")
    program.wait_for_stderr(f"zevi sub: waiting for a broker at ipc://{runtime_dir}/stream")
    first = zevid()
    program.wait_for_stderr("zevi sub: connected")
    publish(first, "E_SUB_TEST", [{"n": 1}])
    wait_until(lambda: len(lines(program)) == 1, what="the first broker's event")
    first.kill()
    wait_until(lambda: program.stderr.count("waiting for a broker") == 2, what="it to miss the broker")
    second = zevid()
    program.wait_for_stderr("new numbering")
    publish(second, "E_SUB_TEST", [{"n": 2}])
    wait_until(lambda: len(lines(program)) == 2, what="the second broker's event")
    assert [line["q"] for line in lines(program)] == [1, 1]


def test_losses_are_reported_on_standard_error_in_their_place(run_program, runtime_dir):
    import msgpack
    import zmq

    def header(q: int, lost: int) -> bytes:
        run = [5, "worker", 7, q, 1, "here", ""]
        return msgpack.packb({"v": 1, "b": 9, "q": q, "n": 1, "at": 1, "l": lost, "r": [run]})

    body = b"\xdd\x00\x00\x00\x01\x92\x01\x80"
    context = zmq.Context()
    # Not a broker: a real one is not easily made to lose just these.
    with context.socket(zmq.XPUB) as socket:
        socket.linger = 0
        socket.bind(f"ipc://{runtime_dir}/stream")
        program = run_program("zevi-sub", "E_X", "--count", 3)
        while not (question := socket.recv()).startswith(b"\x01~ready."):
            pass
        socket.send_multipart([question[1:], b"\x80", msgpack.packb({"b": 9})])
        for q, lost in [(4, 0), (17, 0), (18, 3)]:
            socket.send_multipart([b"E_X", header(q, lost), body])
        socket.send_multipart([b"E_X", b"no header", b""])
        assert program.wait() == 0
    context.term()
    assert program.stderr.splitlines() == [
        "zevi sub: lost 12 events of E_X (q 5..16)",
        "zevi sub: 3 events of E_X were lost before the broker",
    ]
    assert [line["q"] for line in lines(program)] == [4, 17, 18]


def on_terminal(find: Callable[[str], Path], broker: Zevid, *arguments: str, **env: str) -> str:
    """What `zevi sub --count 1` prints on a terminal about one event."""
    master, slave = os.openpty()
    whole_env = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "TERM")}
    whole_env.update({"TERM": "xterm", "TZ": "UTC"}, **env)
    command = [str(find("zevi-sub")), "*", "-n", "1", "-v", "--runtime-dir", str(broker.runtime_dir), *arguments]
    try:
        with subprocess.Popen(command, stdout=slave, stderr=subprocess.PIPE, env=whole_env) as process:
            os.close(slave)
            assert process.stderr is not None
            assert b"subscribed" in process.stderr.readline()
            publish(broker, "E_SUB_TEST", [{"text": "INVITE\r\n\x1b[2J", "n": 5}])
            assert process.wait(deadline_seconds) == 0
        return os.read(master, 65536).decode()
    finally:
        os.close(master)


PLAIN = 'E_SUB_TEST raw[%d] text="INVITE\\r\\n\\x1b[2J" n=5' % os.getpid()


def test_a_terminal_gets_a_colored_line_that_an_event_cannot_upset(zevid, find):
    text = on_terminal(find, zevid())
    assert text.count("\n") == 1
    assert "\x1b[1mE_SUB_TEST\x1b[0m" in text
    assert "\x1b[2J" not in text
    assert "22:13:20.000" in text


@pytest.mark.parametrize(
    "arguments, env",
    [([], {"NO_COLOR": "1"}), ([], {"TERM": "dumb"}), (["--color", "never"], {})],
    ids=["NO_COLOR", "dumb terminal", "--color never"],
)
def test_color_can_be_had_without(zevid, find, arguments, env):
    assert on_terminal(find, zevid(), *arguments, **env) == f"22:13:20.000 {PLAIN}\r\n"


def test_color_can_be_forced_upon_a_pipe(zevid, sub):
    broker = zevid()
    program = sub("*", "-n", 1, "--output", "text", "--color", "always", env={"NO_COLOR": "1"})
    publish(broker, "E_SUB_TEST", [{"n": 5}])
    assert program.wait() == 0
    assert "\x1b[" in program.stdout


@pytest.mark.parametrize(
    "arguments, words",
    [
        ([], "no TOPIC"),
        (["E CORE"], "E CORE"),
        (["E_*_X"], "E_*_X"),
        (["*", "--count", "0"], "--count"),
        (["*", "--count", "-1"], "--count"),
        (["*", "--wait", "5"], "--wait"),
        (["*", "--output", "xml"], "xml"),
        (["*", "--color", "blue"], "blue"),
        (["*", "--cuont", "1"], "did you mean --count?"),
    ],
)
def test_a_wrong_command_line_is_refused_in_a_line_that_names_the_fault(run_program, arguments, words):
    program = run_program("zevi-sub", *arguments)
    assert program.wait() == 2
    assert program.stderr.startswith("zevi sub: error: ")
    assert words in program.stderr
    assert program.stderr.count("\n") == 1


def test_an_endpoint_that_cannot_be_used_is_a_failure_in_words(run_program):
    program = run_program("zevi-sub", "*", "--endpoint", "nonsense")
    assert program.wait() == 1
    assert "nonsense" in program.stderr


def test_a_full_disk_is_a_failure_and_not_a_silent_loss(zevid, find, runtime_dir):
    broker = zevid()
    with open("/dev/full", "wb") as full:
        command = [str(find("zevi-sub")), "*", "-v", "--runtime-dir", str(runtime_dir)]
        with subprocess.Popen(command, stdout=full, stderr=subprocess.PIPE) as process:
            assert process.stderr is not None
            assert b"subscribed" in process.stderr.readline()
            publish(broker, "E_SUB_TEST", [{}])
            assert process.wait(deadline_seconds) == 1
            assert b"No space left" in process.stderr.read()
