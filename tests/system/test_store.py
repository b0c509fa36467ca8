"""What the broker keeps on the disk outlives it: a restart, a kill, and the memory that is too small for it.

ZEVI_KILLS is how often it is killed, 20 times if it is not set.
"""

import os
import random
import signal
import time
from pathlib import Path
from typing import Any, Dict, List, Set, Tuple

import pytest

from zevi_test import RawReader, RawSubscriber, ResendingPublisher, wait_until

_kills = int(os.environ.get("ZEVI_KILLS", "20"))


@pytest.fixture
def store_zevid(zevid, test_dir, run_program):
    """`store_zevid(OPTION...)` starts a broker on the test's store."""
    trial = run_program("zevid", "--store", test_dir / "store", "--store-size", "1")
    trial.wait()
    if "without RocksDB" in trial.stderr:
        pytest.skip("built without a store")
    return lambda *options, **how: zevid("--store", test_dir / "store", *options, **how)


def ask_all(broker, topics="*", **fields):
    with RawReader(broker.endpoint("replay")) as reader:
        return reader.ask_all(topics, **fields)


def identities(answer) -> List[Tuple[int, str, int]]:
    return [(event.id, event.topic, event.p) for event in answer.events]


def test_a_restart_goes_on_where_the_broker_was_stopped(store_zevid):
    broker = store_zevid()
    with ResendingPublisher(broker.ingress) as publisher:
        for i in range(20):
            publisher.publish("E_X", [{"i": 2 * i}, {"i": 2 * i + 1}])
            publisher.publish("E_PROFILING_PROC", [{"i": i}])
            publisher.settle()
        before = ask_all(broker)
        broker.stop_cleanly()

        again = store_zevid()
        publisher.settle()
        after = ask_all(again)
        assert after.values() == before.values() == list(range(40))
        assert after.messages == before.messages
        assert after.end["b"] == before.end["b"] and after.end["next"] == {"E_PROFILING_PROC": 21, "E_X": 41}
        for i in range(20, 30):
            publisher.publish("E_X", [{"i": 2 * i}, {"i": 2 * i + 1}])
        publisher.settle()
        answer = ask_all(again, from_={"E_X": 30}, b=before.end["b"])
        assert answer.numbers() == {"E_X": list(range(29, 61))}
        assert answer.end["gone"] == []
    counters = again.stopped_counters()
    assert "events_lost_before" not in counters and counters["events_received"] == 20
    assert counters["store_events"] == 60


@pytest.mark.parametrize("endpoint", ["ingress", "control"])
@pytest.mark.parametrize("is_killed", [False, True])
def test_a_start_that_fails_leaves_the_store_as_it_was(store_zevid, test_dir, endpoint, is_killed):
    broker = store_zevid("--ack", "=written")
    with ResendingPublisher(broker.ingress) as publisher:
        publisher.publish("E_X", [{"i": 0}])
        publisher.settle()
        before = ask_all(broker).end["b"]
        broker.kill() if is_killed else broker.stop_cleanly()
        for _ in range(2):
            failed = store_zevid("--ack", "=written", f"--{endpoint}", f"ipc://{test_dir}/nowhere/socket", ready=False)
            assert failed.wait() == 1 and "cannot bind" in failed.stderr, failed.stderr
        again = store_zevid("--ack", "=written")
        publisher.publish("E_X", [{"i": 1}])
        publisher.settle()
        answer = ask_all(again, from_={"E_X": 1}, b=before)
        assert answer.values() == [0, 1] and answer.end["next"] == {"E_X": 3}
        assert (answer.end["b"] == before) == (not is_killed)
    counters = again.stopped_counters()
    assert "events_lost_before" not in counters


def test_a_store_whose_first_start_failed_is_one_that_is_new(store_zevid, test_dir):
    failed = store_zevid("--control", f"ipc://{test_dir}/nowhere/socket", ready=False)
    assert failed.wait() == 1 and "cannot bind" in failed.stderr, failed.stderr
    broker = store_zevid()
    with ResendingPublisher(broker.ingress) as publisher:
        publisher.publish("E_X", [{"i": 0}])
        publisher.settle()
        assert ask_all(broker).numbers() == {"E_X": [1]}


def test_no_thread_but_the_programs_own_takes_a_signal(store_zevid):
    broker = store_zevid()
    blocked = {}
    for task in (Path("/proc") / str(broker.pid) / "task").iterdir():
        status = dict(line.split(":\t", 1) for line in (task / "status").read_text().splitlines() if ":\t" in line)
        blocked[int(task.name)] = (status["Name"], int(status["SigBlk"], 16))
    of_program = blocked.pop(broker.pid)
    assert any(name.startswith("rocksdb") for name, _ in blocked.values()), blocked
    for name, mask in blocked.values():
        for number in (signal.SIGHUP, signal.SIGUSR1, signal.SIGALRM, signal.SIGPROF, signal.SIGCHLD):
            assert mask >> (number - 1) & 1, f"{name} takes {number.name}"
            assert not of_program[1] >> (number - 1) & 1


def test_what_a_publisher_sends_again_after_a_restart_is_known(store_zevid):
    broker = store_zevid("--ack", "=written")
    with ResendingPublisher(broker.ingress) as publisher:
        publisher.publish("E_X", [{"i": 0}])
        publisher.settle()
        # Taken in and stored, but the publisher never hears of it.
        publisher.publish("E_X", [{"i": 1}])
        publisher.publish("E_Y", [{"i": 2}])
        wait_until(lambda: len(ask_all(broker).events) == 3, what="the events to be there")
        broker.stop_cleanly()
        while publisher.raw.receive(0.1) is not None:
            pass
        again = store_zevid("--ack", "=written")
        publisher.publish("E_X", [{"i": 3}])
        publisher.settle()
        answer = ask_all(again)
        assert sorted(answer.values()) == [0, 1, 2, 3]
        assert answer.end["next"] == {"E_X": 4, "E_Y": 2}
    assert again.stopped_counters()["batches_repeated"] >= 2


def test_the_epoch_of_a_killed_broker_is_remembered_with_its_last_numbers(store_zevid):
    broker = store_zevid("--ack", "E_X=written")
    with ResendingPublisher(broker.ingress) as publisher:
        publisher.publish("E_X", [{"i": i} for i in range(10)])
        publisher.settle()
        first = ask_all(broker).end["b"]
        broker.kill()
        again = store_zevid()
        publisher.publish("E_X", [{"i": 10}])
        publisher.settle()
        asked = ask_all(again, from_={"E_X": 14}, b=first)
        assert asked.end["b"] != first and asked.end["ended"] == {"E_X": 10}
        assert asked.values() == [10] and asked.end["gone"] == []
        with RawReader(again.endpoint("replay")) as reader:
            stand = reader.ask("E_*", last=0, b=first).end
            assert stand["ended"] == {"E_X": 10} and stand["next"] == {"E_X": 12}
            assert "ended" not in reader.ask("E_*", last=0, b=12345).end
        assert ask_all(again).values() == list(range(11))


class DurableReader:
    """Reads by questions alone, from its cursor on, and keeps each `(id, topic, p)`."""

    def __init__(self) -> None:
        self.next: Dict[str, int] = {}
        self.epoch = 0
        self.seen: Set[Tuple[int, str, int]] = set()
        self.highest: Dict[Tuple[int, str], int] = {}
        self.repeated: List[Any] = []

    def read(self, broker) -> None:
        where = {"from_": self.next, "b": self.epoch} if self.next else {}
        answer = ask_all(broker, "E_*", **where)
        for event in answer.events:
            if event.q < self.next.get(event.topic, 1) and event.epoch == self.epoch:
                continue  # the answer's first message may begin earlier
            if event.p <= self.highest.get((event.id, event.topic), 0):
                self.repeated.append(event)
                continue
            self.highest[event.id, event.topic] = event.p
            self.seen.add((event.id, event.topic, event.p))
        assert answer.end["gone"] == []
        self.next, self.epoch = answer.end["next"], answer.end["b"]


def test_killed_again_and_again_under_load_it_loses_nothing_that_was_acknowledged_as_written(store_zevid, test_dir):
    options = ("--ack", "E_=written", "--history", "E_=1MiB")
    choose = random.Random(7)
    reader = DurableReader()
    counts = {"E_A": 0, "E_B": 0, "E_C": 0}
    broker = store_zevid(*options)
    with ResendingPublisher(broker.ingress) as one, ResendingPublisher(broker.ingress) as two:
        for _ in range(_kills):
            end = time.monotonic() + choose.uniform(0.02, 0.25)
            while time.monotonic() < end:
                for publisher in (one, two):
                    topic = choose.choice(list(counts))
                    n = choose.randint(1, 20)
                    publisher.publish(topic, [{"i": i, "x": "x" * 100} for i in range(n)])
                    counts[topic] += n
                    publisher.converse()
            broker.kill()
            one.raw.received.clear(), two.raw.received.clear()
            acknowledged = {(each.id, topic): p for each in (one, two) for topic, p in each.acked_p.items()}
            broker = store_zevid(*options)
            reader.read(broker)
            for (ident, topic), p in acknowledged.items():
                assert reader.highest.get((ident, topic), 0) >= p - 1, f"{topic} of {ident} below {p} is lost"
        one.settle()
        two.settle()
        whole = ask_all(broker)
        reader.read(broker)
    assert len(identities(whole)) == len(set(identities(whole))) == sum(counts.values()), "each is stored once"
    assert whole.numbers() == {topic: list(range(1, count + 1)) for topic, count in counts.items()}
    assert reader.repeated == [] and len(reader.seen) == sum(counts.values())
    counters = broker.stopped_counters()
    assert "events_lost_before" not in counters


def test_levels_are_told_and_reached(store_zevid):
    broker = store_zevid("--ack", "E_S=synced", "--ack", "E_W=written")
    with ResendingPublisher(broker.ingress) as publisher:
        publisher.publish("E_S", [{}])
        publisher.settle()
        assert publisher.acks == {"memory": 1, "written": 1, "synced": 1}
        publisher.publish("E_W", [{}])
        publisher.settle()
        assert publisher.acks["written"] == 2
        publisher.publish("E_M", [{}])
        publisher.settle()
        # What nobody waits for is synced within a second.
        wait_until(lambda: publisher.converse(0.05) or publisher.acks["synced"] == 3, what="all to be synced")
        assert dict(publisher.raw.welcome["levels"]) == {"E_S": "synced", "E_W": "written"}


def test_what_memory_is_too_small_for_comes_from_the_disk_and_live_events_go_on(store_zevid):
    broker = store_zevid("--history", "=1MiB", "--store-size", "64MiB", "--ack", "=written")
    with ResendingPublisher(broker.ingress) as publisher, RawSubscriber(broker.stream, ["E_LIVE"]) as live:
        for i in range(2000):
            publisher.publish(f"E_{i % 10}", [{"i": i, "x": "x" * 9000}])
            publisher.converse()
        publisher.settle()
        with RawReader(broker.endpoint("replay")) as reader:
            question = reader.send("E_*", limit_bytes=16 << 20)
            publisher.publish("E_LIVE", [{"i": 0}])
            assert live.events(1)[0].params == {"i": 0}
            first = reader.receive(question)
            assert first.end["more"] and first.end["gone"] == []
        whole = ask_all(broker, [f"E_{i}" for i in range(10)])
        assert sorted(whole.values()) == list(range(2000))
        assert whole.numbers() == {f"E_{i}": list(range(1, 201)) for i in range(10)}
        last = ask_all(broker, "E_5", last=150)
        assert last.values()[-150:] == list(range(505, 2000, 10)) and last.end["gone"] == []
    counters = broker.stopped_counters()
    assert counters["history_evicted"] > 1800 and "replay_gone" not in counters


def test_events_since_a_time_before_the_restart(store_zevid):
    broker = store_zevid()
    with ResendingPublisher(broker.ingress) as publisher:
        publisher.publish("E_X", [{"i": 0}])
        publisher.settle()
        time.sleep(0.002)
        since = time.time_ns()
        publisher.publish("E_X", [{"i": 1}])
        publisher.settle()
        broker.stop_cleanly()
        again = store_zevid()
        publisher.publish("E_X", [{"i": 2}])
        publisher.settle()
        assert ask_all(again, "E_X", since=since).values() == [1, 2]
        assert ask_all(again, "E_X", last=2).values() == [1, 2]


def bytes_below(directory) -> int:
    files = [path for path in directory.rglob("*") if path.is_file()]
    return sum(path.stat().st_size for path in files if path.exists())


def test_the_disk_has_its_limit(store_zevid, test_dir):
    broker = store_zevid("--history", "=1MiB", "--store-size", "16MiB", "--ack", "=written")
    with ResendingPublisher(broker.ingress) as publisher:
        for i in range(1200):
            publisher.publish("E_X", [{"i": i, "x": "x" * 50_000}])
            publisher.converse()
        publisher.settle()
        kept = ask_all(broker, "E_X")
        oldest = kept.values()[0]
        assert 1200 - oldest <= (16 << 20) / 50_000 and kept.values() == list(range(oldest, 1200))
        with RawReader(broker.endpoint("replay")) as reader:
            assert reader.ask("E_X", from_={"E_X": 1}).end["gone"] == [["E_X", 1, oldest]]
        # The database tidies up a little later.
        wait_until(lambda: bytes_below(test_dir / "store") < 48 << 20, what="60 MB published to be less on the disk")
    assert broker.stopped_counters()["store_evicted"] == oldest


def test_events_beyond_their_age_are_not_served_after_a_restart(store_zevid):
    broker = store_zevid()
    with ResendingPublisher(broker.ingress) as publisher:
        publisher.publish("E_OLD", [{"i": 0}])
        publisher.publish("E_KEPT", [{"i": 1}])
        publisher.settle()
        broker.stop_cleanly()
    again = store_zevid("--max-age", "E_OLD=1ms", "--history", "E_KEPT=1MiB", "--history", "=1MiB")
    answer = ask_all(again, from_={"E_OLD": 1, "E_KEPT": 1})
    assert answer.values() == [1] and answer.end["gone"] == [["E_OLD", 1, 1]]


def test_a_store_that_is_used_is_refused_to_a_second_broker(store_zevid, test_dir):
    broker = store_zevid()
    second = store_zevid(runtime_dir=test_dir / "other", ready=False)
    assert second.wait() == 1
    assert "another program uses it" in second.stderr and str(test_dir / "store") in second.stderr
    broker.stop_cleanly()


def test_a_newer_store_is_refused_and_left_alone(store_zevid, test_dir):
    store_zevid().stop_cleanly()
    mark = test_dir / "store/FORMAT"
    mark.write_text("zevi-store 2\n")
    before = sorted(f.name for f in (test_dir / "store").rglob("*"))
    refused = store_zevid(ready=False)
    assert refused.wait() == 1 and "version 2" in refused.stderr
    assert sorted(f.name for f in (test_dir / "store").rglob("*")) == before


def test_wrong_levels_and_sizes_are_refused_in_words(zevid, store_zevid):
    for options, words in (
        (("--ack", "E_X=written"), "--store"),
        (("--ack", "E_X=soon"), "PREFIX=written"),
    ):
        refused = zevid(*options, ready=False)
        assert refused.wait() != 0 and words in refused.stderr
    refused = store_zevid("--ack", "E_PROFILING_=synced", ready=False)
    assert refused.wait() == 1 and "keeps nothing of it" in refused.stderr
