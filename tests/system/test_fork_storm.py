"""Workers that publish from several threads while they and their children fork: every event arrives once, in order."""

import json
import os
import re
from collections import defaultdict

from zevi_test import RawSubscriber
from zevi_test.sanitizers import not_forking_while_publishing

WORKERS = 8
THREADS = 2
ROUNDS = 4
#: Of each thread of a worker. 100000 make 1.6 million events.
EVENTS = int(os.environ.get("ZEVI_FORK_STORM_EVENTS", "20000"))
#: Of a child or grandchild of a worker.
DESCENDANT_EVENTS = 101
#: The storm is over long before a reader in Python has read it, and on few cores that reader does not even get to fetch
#: it from its socket: what waits for it, up to 60 MB, must fit its queue.
SUBSCRIBER_BUDGET = "1GiB"


def expected_streams():
    """How many events each thread of each process publishes."""
    streams = {("0", 0): 2 * DESCENDANT_EVENTS}
    for worker in range(1, WORKERS + 1):
        for thread in range(THREADS):
            streams[(f"{worker}", thread)] = EVENTS
        for child in range(1, ROUNDS + 1):
            streams[(f"{worker}.{child}", 0)] = DESCENDANT_EVENTS
            streams[(f"{worker}.{child}.1", 0)] = DESCENDANT_EVENTS
    return streams


class Check:
    """Takes the events one by one, as a reader of the wire judges them."""

    def __init__(self):
        self.streams = defaultdict(int)
        self.publishers = defaultdict(int)
        self.q = 0

    def take(self, event):
        self.q += 1
        assert event.q == self.q, f"a gap or a repetition behind the broker: {event}"
        assert event.lost_before_broker == 0
        self.publishers[event.id] += 1
        assert event.p == self.publishers[event.id], f"a gap or a repetition before the broker: {event}"
        key = (event.params["who"], event.params["thread"])
        self.streams[key] += 1
        assert event.params["number"] == self.streams[key], f"out of order: {event}"


def broker_counters(broker):
    [line] = [line for line in broker.stderr.splitlines() if "stopped:" in line]
    return {name: int(count) for name, count in re.findall(r"(\w+)=(\d+)", line)}


@not_forking_while_publishing
def test_every_event_of_a_storm_of_forks_arrives_once_and_in_order(zevid, run_program):
    streams = expected_streams()
    total = sum(streams.values())
    processes = 1 + WORKERS * (1 + 2 * ROUNDS)
    broker = zevid("--subscriber-budget", SUBSCRIBER_BUDGET)
    check = Check()
    with RawSubscriber(broker.stream, ["E_FORK_STORM"]) as subscriber:
        storm = run_program(
            "fork_storm", "-w", WORKERS, "-t", THREADS, "-n", EVENTS, "-r", ROUNDS, "-d", DESCENDANT_EVENTS
        )  # fmt: skip
        while check.q < total:
            event = subscriber.event()
            assert event is not None, f"{check.q} of {total} events; fork_storm said:\n{storm.stderr}"
            check.take(event)
        assert storm.wait() == 0, storm.stderr
        subscriber.barrier()
        assert subscriber.event(0) is None, "more events than were published"
    assert check.streams == streams
    assert len(check.publishers) == processes
    assert json.loads(storm.stdout) == {
        "processes": processes,
        "published": total,
        "sent": total,
        "acknowledged": total,
        "invalid": 0,
        "resent": 0,
        "dropped": 0,
        "suppressed": 0,
        "forked": 0,
        "failures": 0,
    }
    broker.stop_cleanly()
    counted = broker_counters(broker)
    assert counted["events_received"] == total
    assert counted["publishers_up"] == counted["publishers_down"] == processes
    for lost in ("events_invalid", "events_lost_before", "batches_repeated", "frames_refused"):
        assert lost not in counted
