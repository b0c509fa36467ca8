"""What the answer to a barrier promises: nothing that is published after it is missed."""

import os
import time
from pathlib import Path

import zevi

from zevi_test import RawPublisher, RawSubscriber
from zevi_test.waiting import deadline_seconds

#: By hand: ZEVI_BARRIER_ROUNDS=1000
ROUNDS = int(os.environ.get("ZEVI_BARRIER_ROUNDS", "100"))
WORKERS = 2
TOPICS = [f"E_CORE_{i}" for i in range(10)] + [f"E_PROFILING_{i}" for i in range(10)]


def test_a_publisher_that_arrives_behind_a_barrier_knows_of_its_subscriptions(zevid):
    broker = zevid()
    with RawSubscriber(broker.stream, ["E_START"]) as subscriber:
        for i in range(30):
            # Two changes within the 10 ms in which there is one generation of interest at most.
            for topic in (f"E_FIRST_{i}", f"E_SECOND_{i}"):
                subscriber.socket.subscribe(topic)
                assert subscriber.barrier()["unconfirmed"] == 0
            with RawPublisher(broker.ingress) as publisher:
                publisher.hello()
                interest = publisher.expect("interest")
                assert f"E_SECOND_{i}" in interest["w"], f"round {i}: {interest}"
                publisher.bye()


def start_worker(run_program, runtime_dir):
    package = os.path.dirname(os.path.dirname(zevi.__file__))
    script = Path(__file__).with_name("barrier_worker.py")
    return run_program("/usr/bin/python3", script, runtime_dir, *TOPICS, env={"PYTHONPATH": package})


def test_nothing_published_behind_a_barrier_is_missed(zevid, run_program, runtime_dir):
    broker = zevid("--interest-linger", "1ms", "--history", "none")
    workers = [start_worker(run_program, runtime_dir) for _ in range(WORKERS)]
    pids = [worker.pid for worker in workers]
    with RawSubscriber(broker.stream, TOPICS) as subscriber:
        suppressed = check_round(subscriber, 0, pids)
    rounds = tries = 0
    with RawPublisher(broker.ingress).open() as observer:
        while rounds < ROUNDS:
            # Nobody subscribes now: the workers are told so, as the observer is, and suppress.
            observer.wait_wanted(TOPICS[-1], False)
            plain = tries % 2 == 1
            with RawSubscriber(broker.events if plain else broker.stream, TOPICS, plain=plain) as subscriber:
                # The constructor has waited for an answer with `unconfirmed` 0.
                now_suppressed = check_round(subscriber, time.monotonic_ns(), pids)
            # On a busy machine a worker may learn of both changes before it publishes again; that is no trial.
            rounds += all(now_suppressed[pid] > suppressed[pid] for pid in pids)
            tries += 1
            suppressed = now_suppressed


def check_round(subscriber, answered_ns, pids):
    """Reads until each worker's call for each topic that began behind the answer has arrived, and checks that none was
    left out. Gives how many events each worker had suppressed by then."""
    calls, suppressed = {}, {}
    missing = {(pid, topic) for pid in pids for topic in TOPICS}
    end = time.monotonic() + deadline_seconds
    while missing:
        event = subscriber.event(end - time.monotonic())
        assert event is not None, f"no event behind the barrier of {sorted(missing)}"
        key = (event.pid, event.topic)
        call = event.params["call"]
        if event.params["before_ns"] > answered_ns > 0:
            before = calls.get(key)
            assert before == call - 1, f"{key}: call {call - 1} began behind the barrier and is missing ({before}, {call})"
        calls[key] = call
        if event.params["begun_ns"] > answered_ns:
            missing.discard(key)
            suppressed[event.pid] = event.params["suppressed"]
    return suppressed
