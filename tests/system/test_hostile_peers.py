"""Whoever may connect can neither end the broker nor take anything from those who are served."""

import os
import random
import resource
import socket
import subprocess
import sys
import time
from collections import deque

import pytest

from zevi_test import RawControl, RawPublisher, RawReader, RawSubscriber, deadline_seconds, wait_until
from zevi_test.programs import memory_bytes

ENDPOINTS = ("ingress", "stream", "events", "replay", "control")
DESCRIPTORS = 160
SANITIZERS = os.environ.get("ZEVI_SANITIZERS", "none")
#: At full size by hand: ZEVI_CONNECTIONS=10000.
CONNECTIONS = int(os.environ.get("ZEVI_CONNECTIONS", "1000"))
#: The same: ZEVI_ROUNDS=1000, each with another ZEVI_SEED.
ROUNDS = int(os.environ.get("ZEVI_ROUNDS", "5"))


@pytest.fixture
def scene(zevid):
    """A broker that may have few descriptors, with an honest subscriber and an honest publisher."""
    broker = zevid("--interest-linger", "100ms")
    resource.prlimit(broker.process.pid, resource.RLIMIT_NOFILE, (DESCRIPTORS, DESCRIPTORS))
    with RawSubscriber(broker.stream, ["T"]) as subscriber, RawPublisher(broker.ingress, "honest").open() as publisher:
        publisher.wait_wanted("T")
        yield broker, subscriber, publisher


class Flood:
    """Peers that connect and say nothing, of which the last 400 stay."""

    def __init__(self):
        self.peers = deque()
        self.connected = 0
        self.refused = 0

    def connect(self, path):
        peer = socket.socket(socket.AF_UNIX)
        peer.setblocking(False)
        try:
            peer.connect(str(path))
        except BlockingIOError:  # the listening socket's queue is full
            peer.close()
            return
        self.connected += 1
        self.peers.append(peer)
        if len(self.peers) > 400:
            self._leave(self.peers.popleft())

    def leave(self):
        while self.peers:
            self._leave(self.peers.popleft())

    def _leave(self, peer):
        self.refused += was_closed(peer)
        peer.close()


def was_closed(peer):
    """Reads what the broker greets with; True if it has closed the connection."""
    try:
        while peer.recv(4096):
            pass
    except BlockingIOError:
        return False
    except ConnectionError:
        pass
    return True


def test_a_flood_of_connections_is_refused_at_the_limit_of_descriptors_and_costs_nobody_an_event(scene):
    broker, subscriber, honest = scene
    flood = Flood()
    sent = 0
    end = time.monotonic() + deadline_seconds
    # A slow broker finds many of them gone before it gets to refuse them.
    while flood.connected < CONNECTIONS or flood.refused < CONNECTIONS // 2:
        assert time.monotonic() < end, f"{flood.connected} connected, {flood.refused} refused"
        for _ in range(20):
            for name in ENDPOINTS:
                flood.connect(broker.runtime_dir / name)
        honest.events("T", [{"i": sent}])
        assert subscriber.events(1)[0].params == {"i": sent}
        sent += 1
    flood.leave()

    with RawSubscriber(broker.stream, ["T"]) as another:
        honest.events("T", [{"i": "after"}])
        for reader in (subscriber, another):
            event = reader.events(1)[0]
            assert event.params == {"i": "after"} and event.lost_before_broker == 0 and event.q == sent + 1
    wait_until(lambda: "refused connections" in broker.stderr, 5, lambda: broker.stderr)
    assert broker.stopped_counters()["connections_refused"] >= flood.refused


GREETING = b"\xff" + bytes(8) + b"\x7f\x03\x00" + b"NULL".ljust(20, b"\0") + bytes(32)


def ready_command(socket_type):
    ready = b"\x05READY" + b"\x0bSocket-Type" + len(socket_type).to_bytes(4, "big") + socket_type
    return b"\x04" + bytes([len(ready)]) + ready


def zmtp_peer(path, socket_type, answered_by):
    """A peer that speaks just enough ZMTP 3.0 to be a socket of that type, and then sends what it likes."""
    peer = socket.socket(socket.AF_UNIX)
    peer.settimeout(20)
    peer.connect(str(path))
    peer.sendall(GREETING + ready_command(socket_type))
    greeted = b""
    while answered_by not in greeted:  # before the broker's own READY nothing else may be sent
        received = peer.recv(4096)
        assert received, f"closed after {greeted!r}"
        greeted += received
    return peer


def zmtp_subscriber(path):
    return zmtp_peer(path, b"SUB", b"XPUB")


def frame(data):
    return b"\x00" + bytes([len(data)]) + data


SOCKETS = {
    "ingress": (b"DEALER", b"ROUTER"),
    "stream": (b"SUB", b"XPUB"),
    "events": (b"SUB", b"XPUB"),
    "route": (b"SUB", b"XPUB"),
    "replay": (b"DEALER", b"ROUTER"),
    "control": (b"DEALER", b"ROUTER"),
}


def unfinished_greetings(dice):
    """What a peer may say before it is one."""
    noise = dice.randbytes(dice.randrange(1, 400))
    return [
        noise,
        GREETING[: dice.randrange(1, 64)],
        GREETING + noise,
        GREETING[:12] + b"PLAIN".ljust(20, b"\0") + bytes(32) + noise,
        GREETING + ready_command(b"NOTHING"),
        GREETING + b"\x04\xff" + noise,
        GREETING + b"\x06" + dice.randrange(1 << 64).to_bytes(8, "big") + noise,  # a command of up to 2^64 bytes
        GREETING + b"\x04\x1a\x05READY\x0bSocket-Type\xff\xff\xff\xff",
    ]


def rude_frames(dice):
    """What one may say behind its greeting."""
    noise = dice.randbytes(dice.randrange(1, 400))
    return [
        b"\x02" + ((1 << 63) - 1).to_bytes(8, "big") + noise,
        b"\x02" + (1 << 40).to_bytes(8, "big") + noise,
        b"\x03" + (600 * 1024).to_bytes(8, "big") + bytes(600 * 1024),  # above every limit, and all there
        b"\x01" + bytes([255]) + bytes(255) + noise,  # the first part of a message that does not end
        b"\x04" + bytes([len(noise) % 256]) + noise,
        b"\x05\x01x" * 50,
        b"\xf8" + noise,
        noise,
    ]


def send_and_leave(peer, data):
    try:
        peer.sendall(data)
    except OSError:
        pass  # it was cut off meanwhile
    peer.close()


def test_broken_greetings_and_frames_without_end_on_every_socket_cost_nobody_an_event(zevid, runtime_dir):
    broker = zevid("--route", f"E_R=ipc://{runtime_dir}/route", "--history", "*=10MB")
    dice = random.Random(int(os.environ.get("ZEVI_SEED", "7")))
    sent = 0
    with RawSubscriber(broker.stream, ["T"]) as subscriber, RawPublisher(broker.ingress, "honest").open() as honest:

        def go_on():
            nonlocal sent
            sent += 1
            honest.expect_ack(honest.events("T", [{"i": sent}]))
            [event] = subscriber.events(1)
            assert (event.params["i"], event.q, event.lost_before_broker) == (sent, sent, 0)

        go_on()
        before = memory_bytes(broker.pid)
        for _ in range(ROUNDS):
            for name, (socket_type, answered_by) in SOCKETS.items():
                path = runtime_dir / name
                for data in unfinished_greetings(dice):
                    peer = socket.socket(socket.AF_UNIX)
                    peer.connect(str(path))
                    send_and_leave(peer, data)
                for data in rude_frames(dice):
                    send_and_leave(zmtp_peer(path, socket_type, answered_by), data)
                go_on()
        if SANITIZERS == "none":
            assert memory_bytes(broker.pid) < before + 20_000_000
    with RawControl(broker.endpoint("control")) as control, RawReader(broker.endpoint("replay")) as reader:
        assert control.topic("T")["next_q"] == sent + 1
        assert reader.ask("T").values() == list(range(1, sent + 1))


def wait_wanted_by_subscribers(publisher, prefixes):
    """Until the publisher is told that subscribers want these prefixes and no others."""

    def is_told():
        publisher.beat()  # an interest that it does not confirm would count it as silent
        publisher.receive(0.05)
        return sorted(publisher.interest["w"]) == prefixes

    wait_until(is_told, 10, lambda: f"interest in {prefixes}, it is {publisher.interest}")


def test_a_peer_cannot_take_back_what_another_has_subscribed_to(scene):
    broker, subscriber, honest = scene
    with zmtp_subscriber(broker.runtime_dir / "stream") as hostile:
        hostile.sendall(frame(b"\x01U") + frame(b"\x00T") * 10)
        wait_wanted_by_subscribers(honest, ["T", "U"])
        honest.events("T", [{"i": 1}])
        assert subscriber.events(1)[0].params == {"i": 1}
    wait_wanted_by_subscribers(honest, ["T"])


def test_a_topic_that_one_subscribed_to_several_times_is_wanted_no_longer_when_it_leaves(scene):
    broker, _, honest = scene
    for endpoint, plain in ((broker.stream, False), (broker.events, True)):
        with RawSubscriber(endpoint, ["U"], plain, barrier=False) as sloppy:
            wait_wanted_by_subscribers(honest, ["T", "U"])
            # Before the connection stood, libzmq would have sent them once.
            sloppy.socket.subscribe("U")
            sloppy.socket.subscribe("U")
            sloppy.socket.subscribe("V")
            wait_wanted_by_subscribers(honest, ["T", "U", "V"])
        wait_wanted_by_subscribers(honest, ["T"])


def test_a_peer_with_too_many_subscriptions_is_cut_off_and_leaves_nothing_behind(scene):
    broker, subscriber, honest = scene
    total = int(os.environ.get("ZEVI_SUBSCRIPTIONS", "20000"))
    for name in ("stream", "events"):
        with zmtp_subscriber(broker.runtime_dir / name) as hostile:
            for i in range(total):
                try:
                    hostile.sendall(frame(b"\x01U%08d" % i))
                except (BrokenPipeError, ConnectionResetError):
                    break
                if i % 1000 == 0:
                    honest.events("T", [{"i": i}])
                    assert subscriber.events(1)[0].params == {"i": i}
            hostile.setblocking(False)
            wait_until(lambda: was_closed(hostile), 10, "the connection to be cut off")
    honest.events("T", [{"i": "after"}])
    event = subscriber.events(1)[0]
    assert event.params == {"i": "after"} and event.lost_before_broker == 0
    wait_wanted_by_subscribers(honest, ["T"])
    assert "more than 4096 prefixes of one connection" in broker.stderr
    assert broker.stopped_counters()["subscriptions_refused"] >= 2


def test_who_takes_the_id_of_another_publisher_is_refused_and_takes_nothing_from_it(scene, build_dir):
    broker, subscriber, honest = scene
    honest.expect_ack(honest.events("T", [{"i": 0}]))
    forger = f"""
import sys
sys.path[:0] = {sys.path!r}
from zevi_test import RawPublisher
with RawPublisher({broker.ingress!r}, src="honest") as publisher:
    publisher.id, publisher.next_s = {honest.id}, {honest.next_s}
    publisher.hello()
    print(publisher.expect("reject")["reason"])
    publisher.events("T", [{{"i": "forged"}}])
    print(publisher.expect("who")["k"])
"""
    done = subprocess.run([sys.executable, "-c", forger], capture_output=True, text=True, timeout=60)
    assert done.stdout.splitlines() == ["the id of another process", "who"], done.stderr
    # The rightful one goes on, also over a new connection.
    honest.expect_ack(honest.events("T", [{"i": 1}]))
    honest.socket.disconnect(broker.ingress)
    honest.socket.connect(broker.ingress)
    honest.open()
    honest.expect_ack(honest.events("T", [{"i": 2}]))
    assert [event.params["i"] for event in subscriber.events(3)] == [0, 1, 2]
    counters = broker.stopped_counters()
    assert counters["hellos_refused"] == 1
    assert "events_lost_before" not in counters


def test_subscribers_that_come_and_go_leave_nothing_behind(scene):
    """At full size by hand: ZEVI_CYCLES=1000000."""
    broker, subscriber, honest = scene
    cycles = int(os.environ.get("ZEVI_CYCLES", "300"))
    stream = str(broker.runtime_dir / "stream")
    figures = []
    for cycle in range(cycles):
        with zmtp_subscriber(stream) as passing:
            passing.sendall(frame(b"\x01E_%d" % (cycle % 500)))
        if cycle % max(cycles // 10, 1) == 0:
            honest.events("T", [{"i": cycle}])
            assert subscriber.events(1)[0].params == {"i": cycle}
            figures.append((cycle, memory_bytes(broker.process.pid), len(os.listdir(f"/proc/{broker.process.pid}/fd"))))
    wait_until(lambda: len(os.listdir(f"/proc/{broker.process.pid}/fd")) <= figures[0][2] + 1, what="the descriptors of those gone")
    print(*figures, sep="\n")
    if SANITIZERS == "none":  # the address sanitizer keeps what was freed
        assert memory_bytes(broker.process.pid) < figures[len(figures) // 2][1] + (4 << 20), figures
