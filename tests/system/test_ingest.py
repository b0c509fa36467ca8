"""`zevi ingest`: what a stock OpenSIPS sends arrives at subscribers as it was sent, and nothing else does harm."""

import json
import random
import re
import socket
import threading

import pytest

from zevi_test.opensips import (
    BothEndpoints,
    check_arrived,
    recorded_datagrams,
    recorded_stream,
    repeated_names,
    split_objects,
)
from zevi_test.raw_subscriber import RawSubscriber
from zevi_test.waiting import wait_until

#: Events sent before the subscribers read: few enough that neither a socket nor a subscriber's queue overflows.
AT_ONCE = 100


@pytest.fixture
def ingest(run_program, test_dir):
    """`ingest(OPTION...)` starts `zevi ingest` and returns when it listens."""

    def start(*options, **how):
        program = run_program("zevi-ingest", *options, **how)
        program.wait_for_stderr("listening at")
        return program

    return start


def listening(program, scheme):
    """The address at which a program says that it listens."""
    return re.search(rf"listening at .*?\b{scheme}:(\S+)", program.stderr).group(1)


def ip(program, scheme):
    host, _, port = listening(program, scheme).rpartition(":")
    return host, int(port)


def datagram_sender(program, scheme):
    """A socket connected to the program's; sending on a unix one waits while the receiver's queue is full."""
    family = socket.AF_UNIX if scheme == "unix" else socket.AF_INET
    sender = socket.socket(family, socket.SOCK_DGRAM)
    sender.connect(listening(program, "unix") if scheme == "unix" else ip(program, "udp"))
    return sender


def counters(program):
    """The counters of the last line that sums up."""
    line = [line for line in program.stderr.splitlines() if " received, " in line][-1]
    return {name: int(count) for count, name in re.findall(r"(\d+) (received|published|suppressed|dropped|refused)\b", line)}


def note(number, topic="E_T"):
    return json.dumps({"jsonrpc": "2.0", "method": topic, "params": {"n": number}}).encode()


@pytest.mark.parametrize("address", ["unix", "udp"])
def test_recorded_datagrams_arrive_as_they_were_sent(zevid, ingest, test_dir, address):
    broker = zevid()
    where = f"unix:{test_dir}/opensips.sock" if address == "unix" else "udp:127.0.0.1:0"
    program = ingest("--datagram", where)
    payloads = recorded_datagrams()
    assert len(payloads) == 9329
    with BothEndpoints(broker.stream, broker.events) as both, datagram_sender(program, address) as sender:
        for at in range(0, len(payloads), AT_ONCE):
            for payload in payloads[at : at + AT_ONCE]:
                sender.send(payload)
            both.read(min(at + AT_ONCE, len(payloads)))
        for found in both.found:
            check_arrived(payloads, found)
    assert program.stop() == 0
    assert counters(program) == {"received": 9329, "published": 9329, "suppressed": 0, "dropped": 0, "refused": 0}
    assert f"{repeated_names(payloads)} repeated names" in program.stderr


@pytest.mark.parametrize("name, count", [("opensips-stream", 7362), ("opensips-stream-reliable", 5709)])
def test_a_recorded_stream_arrives_as_it_was_sent_wherever_it_is_cut(zevid, ingest, name, count):
    broker = zevid()
    program = ingest("--stream", "tcp:127.0.0.1:0")
    objects = split_objects(recorded_stream(name))
    assert len(objects) == count
    cuts = random.Random(1)
    with BothEndpoints(broker.stream, broker.events) as both:
        with socket.create_connection(ip(program, "tcp")) as opensips:
            opensips.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            answers = Answers(opensips)
            for at in range(0, count, AT_ONCE):
                stream = b"".join(raw for raw, _ in objects[at : at + AT_ONCE])
                while stream:
                    size = cuts.randrange(1, 2000)
                    opensips.sendall(stream[:size])
                    stream = stream[size:]
                both.read(min(at + AT_ONCE, count))
                ids = [call["id"] for _, call in objects[: at + AT_ONCE] if "id" in call]
                answers.wait(len(ids))
            assert answers.wait(len(ids)) == [{"jsonrpc": "2.0", "result": "OK", "id": id} for id in ids]
        for found in both.found:
            check_arrived([raw for raw, _ in objects], found)
    assert program.stop() == 0
    assert counters(program)["refused"] == 0


class Answers:
    """Reads what comes back on a connection, as JSON objects."""

    def __init__(self, connection):
        self._connection = connection
        self._bytes = b""
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        try:
            while piece := self._connection.recv(8192):
                self._bytes += piece
        except OSError:
            pass

    def wait(self, count):
        """The answers so far, once there are `count`. They hold no strings with braces."""
        wait_until(
            lambda: self._bytes.count(b"jsonrpc") >= count and self._bytes.count(b"{") == self._bytes.count(b"}"),
            what=lambda: f"{count} answers, there are {self._bytes.count(b'jsonrpc')}",
        )
        return [answer for _, answer in split_objects(self._bytes)]


def test_malformed_datagrams_are_refused_with_their_reason_and_the_next_one_is_taken(zevid, ingest, test_dir):
    broker = zevid()
    program = ingest("--datagram", f"unix:{test_dir}/o.sock")
    bad = [
        b"",
        b"hello",
        b"\xff\x00\x01",
        b'{"method":"E_T","params":{"a":1}',
        b'[{"method":"E_T"}]',
        b'{"jsonrpc":"2.0","result":"OK","id":1}',
        b'{"method":"E T"}',
        b'{"method":"E_ZEVI_DROPPED"}',
        b'{"method":"E_T","params":5}',
        b'{"method":"E_T","params":' + b"[" * 50000,
        b'{"method":"E_T","params":{"a":"' + b"x" * 70000 + b'"}}',
    ]
    with RawSubscriber(broker.stream) as subscriber, datagram_sender(program, "unix") as sender:
        sender.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 400000)
        for number, payload in enumerate(bad):
            sender.send(payload)
            sender.send(note(number))
        assert [event.params["n"] for event in subscriber.events(len(bad))] == list(range(len(bad)))
        sender.send(b'{"method":"E_T","params":{"a":"' + b"x" * 300000 + b'"}}')
        sender.send(note(99))
        assert subscriber.event().params == {"n": 99}
    assert program.stop() == 0
    assert counters(program)["refused"] == len(bad) + 1
    summary = program.stderr.splitlines()[-1]
    for reason in ("4 not JSON", "1 a JSON-RPC batch", "1 no method", "1 method is no topic", "1 method begins with E_ZEVI_",
                   "1 params is neither", "1 nested deeper than 16", "2 larger than 64 KiB"):  # fmt: skip
        assert reason in summary
    assert len([line for line in program.stderr.splitlines() if "refused:" in line]) <= 3


def test_a_request_that_is_refused_is_answered_with_an_error(zevid, ingest):
    zevid()
    program = ingest("--stream", "tcp:127.0.0.1:0")
    with socket.create_connection(ip(program, "tcp")) as opensips:
        answers = Answers(opensips)
        opensips.sendall(b'{"id":1,"method":"E T"}{"id":2,"method":"E_T"}{"id":null,"method":"E_T"}{"id":"x","method":"E_T"}')
        assert [(a["id"], "error" in a) for a in answers.wait(3)] == [(1, True), (2, False), ("x", False)]


def test_answers_that_wait_are_sent_before_the_program_ends(zevid, ingest):
    zevid()
    program = ingest("--stream", "tcp:127.0.0.1:0")
    with socket.create_connection(ip(program, "tcp")) as opensips:
        answers = Answers(opensips)
        opensips.sendall(b"".join(b'{"id":%d,"method":"E_T"}' % id for id in range(1, 301)))
        program.wait_for_stderr("connected from")
        assert program.stop() == 0
        assert [answer["id"] for answer in answers.wait(300)] == list(range(1, 301))


def test_two_connections_are_taken_at_once_and_a_broken_one_costs_the_other_nothing(zevid, ingest):
    broker = zevid()
    program = ingest("--stream", "tcp:127.0.0.1:0")
    with RawSubscriber(broker.stream) as subscriber:
        one = socket.create_connection(ip(program, "tcp"))
        other = socket.create_connection(ip(program, "tcp"))
        whole = note(1, "E_ONE")
        for i in range(len(whole)):
            one.sendall(whole[i : i + 1])
            other.sendall(note(i, "E_OTHER"))
        events = subscriber.events(1 + len(whole))
        assert [e.params["n"] for e in events if e.topic == "E_OTHER"] == list(range(len(whole)))
        assert [e.params["n"] for e in events if e.topic == "E_ONE"] == [1]

        endless = threading.Thread(target=lambda: flood(one), daemon=True)
        endless.start()
        program.wait_for_stderr("an object longer than 1 MiB")
        endless.join()
        other.sendall(b" garbage \xff " + note(2, "E_OTHER"))
        assert subscriber.event().params == {"n": 2}
        other.sendall(b'{"method":')
        other.close()
        wait_until(lambda: program.stderr.count(" ended") == 2, what="both connections to end")
    assert program.stop() == 0
    summary = program.stderr.splitlines()[-1]
    assert "1 connections given up" in summary
    assert "1 objects cut off" in summary
    assert "8 stray bytes" in summary


def flood(connection):
    """Sends an object without end until the other side has had enough."""
    try:
        while True:
            connection.sendall(b'{"a":' * 10000)
    except OSError:
        connection.close()


def test_a_path_in_use_is_left_alone_and_that_of_a_killed_one_taken_over(zevid, ingest, run_program, test_dir):
    broker = zevid()
    address = f"unix:{test_dir}/o.sock"
    first = ingest("--datagram", address)
    second = run_program("zevi-ingest", "--datagram", address)
    assert second.wait() == 1
    assert "another zevi-ingest listens there" in second.stderr
    with RawSubscriber(broker.stream) as subscriber:
        with datagram_sender(first, "unix") as sender:
            sender.send(note(1))
            assert subscriber.event().params == {"n": 1}
        first.kill()
        assert (test_dir / "o.sock").exists()
        third = ingest("--datagram", address)
        subscriber.barrier()
        with datagram_sender(third, "unix") as sender:
            sender.send(note(2))
            assert subscriber.event().params == {"n": 2}
    assert third.stop() == 0
    assert not list(test_dir.glob("o.sock*"))


def test_sigterm_takes_what_has_arrived_and_exits_0(zevid, ingest, test_dir):
    broker = zevid()
    program = ingest("--datagram", f"unix:{test_dir}/o.sock", "--stream", "tcp:127.0.0.1:0")
    with RawSubscriber(broker.stream) as subscriber, datagram_sender(program, "unix") as sender:
        with socket.create_connection(ip(program, "tcp")) as opensips:
            for number in range(2000):
                sender.send(note(number, "E_D"))
            opensips.sendall(b"".join(note(number, "E_S") for number in range(2000)))
            assert program.stop() == 0
        events = subscriber.events(4000)
        for topic in ("E_D", "E_S"):
            assert [e.params["n"] for e in events if e.topic == topic] == list(range(2000))
    assert counters(program)["published"] == 4000
    assert "not acknowledged" not in program.stderr


def test_a_broker_that_dies_costs_nothing_that_is_not_counted(zevid, ingest, test_dir):
    broker = zevid()
    program = ingest("--datagram", f"unix:{test_dir}/o.sock")
    with datagram_sender(program, "unix") as sender:
        with RawSubscriber(broker.stream) as subscriber:
            for number in range(1000):
                sender.send(note(number))
            assert [e.params["n"] for e in subscriber.events(1000)] == list(range(1000))
        broker.kill()
        for number in range(1000, 2000):
            sender.send(note(number))
        broker = zevid()
        with RawSubscriber(broker.stream) as subscriber:
            for number in range(2000, 3000):
                sender.send(note(number))
            found = []
            while not found or found[-1].params["n"] != 2999:
                found.append(subscriber.event())
        numbers = [event.params["n"] for event in found]
        assert numbers == list(range(numbers[0], 3000))
        assert numbers[0] <= 2000
    assert program.stop() == 0
    assert counters(program) == {"received": 3000, "published": 3000, "suppressed": 0, "dropped": 0, "refused": 0}
    assert "not acknowledged" not in program.stderr


def test_without_a_broker_what_does_not_fit_is_dropped_and_counted(ingest, test_dir):
    program = ingest("--datagram", f"unix:{test_dir}/o.sock", "--buffer", "256KiB", "--queue", "64MiB", "--linger", "10ms")
    payload = json.dumps({"method": "E_T", "params": {"a": "x" * 50000}}).encode()
    with datagram_sender(program, "unix") as sender:
        for _ in range(1000):
            sender.send(payload)
    program.wait_for_stderr("events dropped: the broker is not there")
    assert program.stop() == 0
    found = counters(program)
    assert found["received"] == 1000
    assert found["published"] + found["dropped"] == 1000
    assert 0 < found["published"] < 1000
    assert f"{found['published']} events were not acknowledged" in program.stderr


def test_wrong_command_lines_are_refused_with_the_option(run_program, test_dir):
    for options, message in [
        ([], "nothing to listen at: give --datagram or --stream"),
        (["--datagram", "tcp:127.0.0.1:1"], "--datagram does not take 'tcp:127.0.0.1:1'"),
        (["--stream", "here"], "--stream: 'here' is no address"),
        (["--stream", "tcp:127.0.0.1:0", "--mode", "rw"], "--mode 'rw' is no file mode"),
        (["--stream", "tcp:127.0.0.1:0", "--subscribe", "E_CORE_LOG"], "--subscribe needs --mi"),
        (["--stream", "tcp:127.0.0.1:0", "--subscribe", "A,,B", "--mi", "unix:/x"], "'' is no event's name"),
        (["--stream", "tcp:127.0.0.1:0", "--queue", "1KiB"], "--queue must be between"),
    ]:
        program = run_program("zevi-ingest", *options)
        assert program.wait() == 2
        assert message in program.stderr
    for options, message in [
        (["--datagram", f"unix:{test_dir}/none/o.sock"], "cannot create"),
        (["--stream", "tcp:192.0.2.1:80"], "cannot listen at tcp:192.0.2.1:80"),
    ]:
        program = run_program("zevi-ingest", *options)
        assert program.wait() == 1
        assert message in program.stderr
