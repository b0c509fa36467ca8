"""Socket files that somebody removes come back: who is connected notices nothing, and others find the broker again."""

import shutil
import socket
import threading
import time

import pytest

from zevi_test import RawPublisher, RawReader, RawSubscriber, wait_until

NAMES = ("ingress", "stream", "events", "replay", "control")


class Traffic:
    """A publisher that goes on publishing while something happens, and what subscribers of both endpoints get of it."""

    def __init__(self, broker):
        self.subscribers = [RawSubscriber(broker.stream, ["T"]), RawSubscriber(broker.events, ["T"], plain=True)]
        self.publisher = RawPublisher(broker.ingress).open()
        self.publisher.wait_wanted("T")
        self.reader = RawReader(broker.endpoint("replay"))
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._publish)
        self.published = 0

    def __enter__(self):
        self._thread.start()
        wait_until(lambda: self.published > 10, what="events")
        return self

    def __exit__(self, *_):
        self._end.set()
        self._thread.join()
        for peer in (*self.subscribers, self.publisher, self.reader):
            peer.close()

    def _publish(self):
        while not self._end.wait(0.001):
            s = self.publisher.events("T", [{"i": self.published}])
            self.published += 1
            self.publisher.beat()
            self.publisher.expect_ack(s)

    def check_nothing_lost(self):
        """Each subscriber has each event once, in order."""
        self._end.set()
        self._thread.join()
        for subscriber in self.subscribers:
            events = subscriber.events(self.published)
            assert [event.params["i"] for event in events] == list(range(self.published))
            assert events[-1].lost_before_broker == 0
        assert self.reader.ask("T", last=0).end["next"] == {"T": self.published + 1}


def check_found(broker):
    """New peers reach each other through the files."""
    with RawSubscriber(broker.stream, ["NEW"]) as stream, RawSubscriber(broker.events, ["NEW"], plain=True) as events:
        with RawPublisher(broker.ingress).open() as publisher, RawReader(broker.endpoint("replay")) as reader:
            publisher.wait_wanted("NEW")
            publisher.events("NEW", [{"new": True}])
            assert stream.events(1)[0].params == events.events(1)[0].params == {"new": True}
            assert reader.ask("NEW", last=0).end["next"]["NEW"] > 1


def listens(path):
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(str(path))
        except OSError:
            return False
    return True


def remove_all(broker):
    for name in NAMES:
        (broker.runtime_dir / name).unlink()


def remove_directory(broker):
    shutil.rmtree(broker.runtime_dir)


def replace_with_others(broker):
    for name in NAMES:
        path = broker.runtime_dir / name
        path.unlink()
        if name == "ingress":
            path.write_text("no socket")
        else:
            with socket.socket(socket.AF_UNIX) as left_behind:
                left_behind.bind(str(path))


@pytest.mark.parametrize("remove", [remove_all, remove_directory, replace_with_others])
def test_removed_sockets_are_put_back_within_3_s_and_connected_peers_lose_nothing(zevid, remove):
    broker = zevid()
    with Traffic(broker) as traffic:
        remove(broker)
        began = time.monotonic()
        wait_until(lambda: all(listens(broker.runtime_dir / name) for name in NAMES), what="all five sockets")
        assert time.monotonic() - began < 3
        check_found(broker)
        traffic.check_nothing_lost()
    lines = [line for line in broker.stderr.splitlines() if "the socket file" in line and "made it again" in line]
    assert len(lines) == len(NAMES)
    assert broker.sockets() == sorted(NAMES)
    second = zevid(ready=False)
    assert second.wait() == 1 and f"pid {broker.pid}" in second.stderr
    assert broker.stopped_counters()["sockets_restored"] == len(NAMES)


def test_a_file_that_another_program_listens_on_is_left_to_it_until_it_ends(zevid):
    broker = zevid()
    remove_all(broker)
    path = broker.runtime_dir / "stream"
    with socket.socket(socket.AF_UNIX) as other:
        other.bind(str(path))
        other.listen()
        inode = path.stat().st_ino
        broker.wait_for_stderr("another program listens there")
        others = [broker.runtime_dir / name for name in NAMES if name != "stream"]
        wait_until(lambda: all(listens(other) for other in others), what="the other sockets")
        assert path.stat().st_ino == inode
    wait_until(lambda: listens(path), what="the socket that was taken")
    check_found(broker)
    assert broker.stopped_counters()["sockets_restored"] == len(NAMES)


def test_a_runtime_directory_that_another_broker_has_taken_is_left_to_it(zevid):
    first = zevid()
    first.pause()
    remove_directory(first)
    second = zevid()
    first.resume()
    first.wait_for_stderr("is in use")
    check_found(second)
    assert first.stop() == 0
    check_found(second)
    second.stop_cleanly()
