"""Whoever may connect can neither end the broker nor take anything from those who are served."""

import os
import resource
import socket
from collections import deque

import pytest

from zevi_test import RawPublisher, RawSubscriber, wait_until

ENDPOINTS = ("ingress", "stream", "events", "replay", "control")
DESCRIPTORS = 160
#: At full size by hand: ZEVI_CONNECTIONS=10000.
CONNECTIONS = int(os.environ.get("ZEVI_CONNECTIONS", "1000"))


@pytest.fixture
def scene(zevid):
    """A broker that may have few descriptors, with an honest subscriber and an honest publisher."""
    broker = zevid()
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
