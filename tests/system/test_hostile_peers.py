"""Whoever may connect can neither end the broker nor take anything from those who are served."""

import os
import resource
import socket
import subprocess
import sys
from collections import deque

import pytest

from zevi_test import RawPublisher, RawSubscriber, wait_until
from zevi_test.programs import memory_bytes

ENDPOINTS = ("ingress", "stream", "events", "replay", "control")
DESCRIPTORS = 160
SANITIZERS = os.environ.get("ZEVI_SANITIZERS", "none")
#: At full size by hand: ZEVI_CONNECTIONS=10000.
CONNECTIONS = int(os.environ.get("ZEVI_CONNECTIONS", "1000"))


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
    while flood.connected < CONNECTIONS:
        for _ in range(20):
            for name in ENDPOINTS:
                flood.connect(broker.runtime_dir / name)
        honest.events("T", [{"i": sent}])
        assert subscriber.events(1)[0].params == {"i": sent}
        sent += 1
    flood.leave()
    assert flood.refused > CONNECTIONS // 2

    with RawSubscriber(broker.stream, ["T"]) as another:
        honest.events("T", [{"i": "after"}])
        for reader in (subscriber, another):
            event = reader.events(1)[0]
            assert event.params == {"i": "after"} and event.lost_before_broker == 0 and event.q == sent + 1
    wait_until(lambda: "refused connections" in broker.stderr, 5, lambda: broker.stderr)
    assert broker.stopped_counters()["connections_refused"] >= flood.refused


def zmtp_subscriber(path):
    """A peer that speaks just enough ZMTP 3.0 to be a subscriber, and then sends what it likes."""
    peer = socket.socket(socket.AF_UNIX)
    peer.connect(str(path))
    peer.sendall(b"\xff" + bytes(8) + b"\x7f\x03\x00" + b"NULL".ljust(20, b"\0") + bytes(32))
    ready = b"\x05READY" + b"\x0bSocket-Type" + (3).to_bytes(4, "big") + b"SUB"
    peer.sendall(b"\x04" + bytes([len(ready)]) + ready)
    greeted = b""
    while b"XPUB" not in greeted:  # before the broker's own READY nothing else may be sent
        greeted += peer.recv(4096)
    return peer


def frame(data):
    return b"\x00" + bytes([len(data)]) + data


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
        come_and_go(stream, b"E_%d" % (cycle % 500))
        if cycle % max(cycles // 10, 1) == 0:
            honest.events("T", [{"i": cycle}])
            assert subscriber.events(1)[0].params == {"i": cycle}
            figures.append((cycle, memory_bytes(broker.process.pid), len(os.listdir(f"/proc/{broker.process.pid}/fd"))))
    wait_until(lambda: len(os.listdir(f"/proc/{broker.process.pid}/fd")) <= figures[0][2] + 1, what="the descriptors of those gone")
    print(*figures, sep="\n")
    if SANITIZERS == "none":  # the address sanitizer keeps what was freed
        assert memory_bytes(broker.process.pid) < figures[len(figures) // 2][1] + (4 << 20), figures


GREETING = b"\xff" + bytes(8) + b"\x7f\x03\x01" + b"NULL".ljust(20, b"\0") + bytes(32)
READY = b"\x04\x19\x05READY\x0bSocket-Type\0\0\0\x03SUB"


def come_and_go(path, topic):
    """Greets as a SUB socket does, subscribes, and is gone."""
    with socket.socket(socket.AF_UNIX) as peer:
        peer.connect(path)
        peer.settimeout(20)
        peer.sendall(GREETING)
        received = b""
        while len(received) < 64 or b"READY" not in received:
            received += peer.recv(4096)
            if len(received) == 64:
                peer.sendall(READY)
        peer.sendall(bytes([0, 1 + len(topic)]) + b"\x01" + topic)
