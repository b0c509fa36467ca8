"""The Python package against the real broker."""

import asyncio
import os
import threading
import time

import msgpack
import pytest
import zmq

import zevi
from zevi_test import RawPublisher, wait_until


@pytest.fixture
def publisher_of(runtime_dir):
    """Publishers that are closed at the end of the test."""
    opened = []

    def open_publisher(**options):
        publisher = zevi.Publisher(runtime_dir=str(runtime_dir), **options)
        opened.append(publisher)
        return publisher

    yield open_publisher
    for publisher in opened:
        publisher.close()


def take(subscriber, count):
    found = []
    for event in subscriber:
        found.append(event)
        if len(found) == count:
            break
    assert len(found) == count, f"{len(found)} of {count}; {subscriber.statistics}"
    return found


VALUES = {
    "nil": None,
    "yes": True,
    "no": False,
    "small": 7,
    "negative": -(1 << 63),
    "large": (1 << 64) - 1,
    "real": 0.5,
    "text": "Grüße",
    "empty": "",
    "bytes": b"\xff\x00",
    "list": [1, "two", [3]],
    "map": {"a": {"b": 1}},
    "a name with spaces": 1,
}


@pytest.mark.parametrize("plain", [False, True], ids=["stream", "events"])
def test_an_event_arrives_as_it_was_published(zevid, publisher_of, subscribe, plain):
    zevid()
    subscriber = subscribe("E_TEST_ONE", plain=plain)
    assert subscriber.unconfirmed == 0
    publisher = publisher_of(name="test")
    assert publisher.publish("E_TEST_ONE", VALUES, time_ns=1776767469200446123)
    assert publisher.publish("E_TEST_ONE")
    first, second = take(subscriber, 2)
    assert first.params == VALUES
    assert first["text"] == "Grüße" and first.get("absent", 3) == 3 and "yes" in first
    assert (first.topic, first.q, first.p, second.q, second.p) == ("E_TEST_ONE", 1, 1, 2, 2)
    assert first.time_ns == 1776767469200446123
    assert abs(first.time - 1776767469.200446) < 1e-5
    assert first.datetime.isoformat() == "2026-04-21T10:31:09.200446+00:00"
    assert (first.src, first.pid) == ("test", os.getpid())
    assert first.host and first.id and first.epoch == second.epoch != 0
    assert second.params == {} and abs(second.time - time.time()) < 60
    assert subscriber.lost == 0


def test_text_that_is_not_utf8_arrives_as_bytes(zevid, publisher_of, subscribe):
    zevid()
    subscriber = subscribe("*")
    publisher_of().publish("E_TEST", {"raw": b"a\xffb".decode(errors="surrogateescape"), "lone": "\ud800"})
    (event,) = take(subscriber, 1)
    assert event.params == {"raw": b"a\xffb", "lone": b"\xed\xa0\x80"}


@pytest.mark.parametrize("plain", [False, True], ids=["stream", "events"])
def test_an_exact_topic_takes_no_other_and_a_prefix_takes_all_of_its_own(zevid, publisher_of, subscribe, plain):
    zevid()
    subscriber = subscribe("E_A", "E_B_*", plain=plain)
    publisher = publisher_of()
    for topic in ("E_A", "E_A2", "E_B", "E_B_1", "E_B_2", "E_C", "E_A"):
        publisher.publish(topic, {"topic": topic})
    publisher.flush()
    events = take(subscriber, 4)
    assert sorted(e.topic for e in events) == ["E_A", "E_A", "E_B_1", "E_B_2"]
    assert all(e["topic"] == e.topic for e in events)
    assert subscriber.receive(timeout=0.05) is None


@pytest.mark.parametrize("plain", [False, True], ids=["stream", "events"])
def test_many_events_from_many_threads_arrive_once_and_in_order(zevid, publisher_of, subscribe, plain):
    zevid()
    subscriber = subscribe("E_T_*", plain=plain, budget_bytes=512 * 1024 * 1024)
    publisher = publisher_of(full="wait", wait_max=20)
    each, threads = 2000, 4

    def work(number):
        for i in range(each):
            assert publisher.publish(f"E_T_{number % 2}", {"thread": number, "i": i})

    workers = [threading.Thread(target=work, args=(n,)) for n in range(threads)]
    for worker in workers:
        worker.start()
    events = take(subscriber, each * threads)
    for worker in workers:
        worker.join()
    assert publisher.flush(20)
    for number in range(threads):
        assert [e["i"] for e in events if e["thread"] == number] == list(range(each))
    for topic in ("E_T_0", "E_T_1"):
        assert [e.q for e in events if e.topic == topic] == list(range(1, each * threads // 2 + 1))
        assert [e.p for e in events if e.topic == topic] == list(range(1, each * threads // 2 + 1))
    assert subscriber.lost == 0 and subscriber.statistics.repeats == 0
    counts = publisher.statistics
    assert counts.published == counts.sent == counts.acknowledged == each * threads
    assert counts.dropped == counts.invalid == counts.suppressed == 0


def test_async_for_reads_and_others_get_their_turn(zevid, publisher_of, runtime_dir):
    zevid()
    publisher = publisher_of()

    async def read():
        seen = []
        async with zevi.subscribe("E_ASYNC", runtime_dir=str(runtime_dir), timeout=20) as subscriber:
            assert subscriber.unconfirmed is not None
            writer = asyncio.get_running_loop().run_in_executor(
                None, lambda: [publisher.publish("E_ASYNC", {"i": i}) for i in range(500)]
            )
            async for event in subscriber:
                seen.append(event["i"])
                if len(seen) == 500:
                    break
            await writer
            assert await subscriber.receive_async(0.05) is None
        return seen

    assert asyncio.run(read()) == list(range(500))


def test_async_for_without_a_context_manager_ends_at_its_timeout(zevid, runtime_dir):
    zevid()

    async def read():
        subscriber = zevi.subscribe("E_ASYNC", runtime_dir=str(runtime_dir), timeout=0.05)
        try:
            return [event async for event in subscriber]
        finally:
            subscriber.close()

    assert asyncio.run(read()) == []


def test_an_unwanted_event_is_suppressed_until_somebody_subscribes(zevid, publisher_of, subscribe):
    publisher = publisher_of()
    assert publisher.enabled("E_QUIET"), "before the broker has said anything, all is kept"
    zevid("--interest-linger", "50ms", "--history", "none")
    wait_until(lambda: not publisher.enabled("E_QUIET"), what="the broker to say that nobody wants it")
    assert publisher.publish("E_QUIET", {}) is False
    assert publisher.statistics.suppressed == 1
    subscriber = subscribe("E_QUIET")
    assert subscriber.unconfirmed == 0 and publisher.enabled("E_QUIET")
    publisher.publish("E_QUIET", {"n": 2})
    (event,) = take(subscriber, 1)
    assert event["n"] == 2 and event.p == 1, "a suppressed event takes no number"
    subscriber.close()
    wait_until(lambda: not publisher.enabled("E_QUIET"), what="the interest to end with its subscriber")


def test_what_a_full_queue_drops_is_told_to_subscribers(zevid, publisher_of, subscribe):
    broker = zevid()
    losses = []
    subscriber = subscribe("E_FULL", losses=True, on_loss=losses.append)
    publisher = publisher_of(queue_bytes=128 * 1024, window_bytes=128 * 1024)
    publisher.publish("E_FULL", {"i": 0})
    assert publisher.flush(20)
    broker.pause()
    taken = sum(publisher.publish("E_FULL", {"x": b"x" * 1000}) for _ in range(2000))
    counts = publisher.statistics
    assert 0 < taken < 2000 and counts.dropped == 2000 - taken
    broker.resume()
    assert publisher.flush(20)
    assert publisher.publish("E_FULL", {"last": True})
    events = 0
    for found in subscriber:
        if isinstance(found, zevi.Lost):
            assert found.where == "before broker" and found.topic == "E_FULL"
        else:
            events += 1
            if "last" in found:
                break
    assert events == taken + 2
    assert subscriber.lost == subscriber.statistics.lost_before_broker == counts.dropped
    assert sum(loss.count for loss in losses) == counts.dropped


def test_drops_that_no_event_follows_are_told_by_the_next_beat(zevid, publisher_of, subscribe, runtime_dir):
    zevid()
    subscriber = subscribe("E_LARGE")
    publisher = publisher_of()
    publisher.publish("E_LARGE", {"i": 1})
    assert publisher.publish("E_LARGE", {"x": b"x" * 70000}) is False
    take(subscriber, 1)
    wait_until(lambda: publisher.statistics.dropped == 1)
    # Another publisher's events show the count, which only a beat can have brought.
    with RawPublisher(f"ipc://{runtime_dir}/ingress").open() as other:

        def told():
            other.events("E_LARGE", [{}])
            subscriber.receive(1)
            return subscriber.statistics.lost_before_broker == 1

        wait_until(told, interval=0.05)
    publisher.publish("E_LARGE", {"i": 2})
    while take(subscriber, 1)[0].get("i") != 2:
        pass
    assert subscriber.lost == 1, "the drop is not counted twice"


def test_waiting_for_room_loses_nothing(zevid, publisher_of, subscribe):
    broker = zevid()
    subscriber = subscribe("E_WAIT")
    publisher = publisher_of(full="wait", wait_max=20, queue_bytes=128 * 1024, window_bytes=128 * 1024)
    broker.pause()
    resume = threading.Timer(0.3, broker.resume)
    resume.start()
    for i in range(600):
        assert publisher.publish("E_WAIT", {"i": i, "x": b"x" * 1000})
    resume.join()
    assert [e["i"] for e in take(subscriber, 600)] == list(range(600))
    assert publisher.statistics.dropped == 0


def test_a_restarted_broker_gets_what_the_old_one_did_not_acknowledge(zevid, publisher_of, subscribe):
    broker = zevid()
    subscriber = subscribe("E_AGAIN", losses=True)
    publisher = publisher_of()
    publisher.publish("E_AGAIN", {"i": 0})
    assert [e["i"] for e in take(subscriber, 1)] == [0]
    assert publisher.flush(20)
    broker.kill()
    wait_until(lambda: not publisher.connected and not subscriber.connected)
    for i in range(1, 101):
        assert publisher.publish("E_AGAIN", {"i": i})
    assert publisher.flush(0.05) is False
    zevid()
    assert publisher.flush(20)
    assert subscriber.wait_ready(20) and subscriber.unconfirmed == 0
    assert publisher.publish("E_AGAIN", {"i": "last"})
    seen, changes = [], 0
    for found in subscriber:
        if isinstance(found, zevi.EpochChanged):
            changes += 1
        elif isinstance(found, zevi.Event):
            seen.append(found["i"])
            if found["i"] == "last":
                break
    assert changes == 1 == subscriber.statistics.epoch_changes
    # The subscriber may have found the new broker after the publisher did: what it has is an unbroken end.
    assert seen == (list(range(1, 101)) + ["last"])[-len(seen) :]
    assert publisher.flush(20) and publisher.statistics.acknowledged == 102


def test_events_sent_again_after_a_killed_broker_arrive_once(zevid, publisher_of, subscribe):
    broker = zevid()
    subscriber = subscribe("E_ONCE", losses=True)
    publisher = publisher_of(full="wait", wait_max=30)
    stop = threading.Event()
    published = []

    def work():
        i = 0
        while not stop.is_set():
            if publisher.publish("E_ONCE", {"i": i}):
                published.append(i)
            i += 1
            time.sleep(0.0002)

    worker = threading.Thread(target=work)
    worker.start()
    try:
        take(subscriber, 200)
        for _ in range(3):
            broker.kill()
            broker = zevid()
            while not isinstance(take(subscriber, 1)[0], zevi.EpochChanged):
                pass
            take(subscriber, 200)
    finally:
        stop.set()
        worker.join()
    assert publisher.flush(20)
    counts = publisher.statistics
    assert counts.acknowledged == counts.published == len(published)
    while subscriber.receive(0.2) is not None:
        pass
    # Once each, and in order: what was sent again has a lower number than what came in between.
    statistics = subscriber.statistics
    assert statistics.malformed == 0 and statistics.lost_before_broker == 0


def test_a_subscriber_delivers_each_number_of_a_publisher_once(zevid, subscribe, runtime_dir):
    zevid()
    subscriber = subscribe("E_TWICE")
    with RawPublisher(f"ipc://{runtime_dir}/ingress").open() as first:
        first.events("E_TWICE", [{"i": 1}, {"i": 2}])
        first.expect_ack(1)
        # The same publisher with the same numbers under a new batch number, as after a broker that lost its memory.
        first.events("E_TWICE", [{"i": 1}, {"i": 2}, {"i": 3}], p=1)
        first.expect_ack(2)
    assert [e["i"] for e in take(subscriber, 3)] == [1, 2, 3]
    assert subscriber.statistics.repeats == 2
    assert subscriber.receive(0.05) is None


def test_a_subscriber_that_is_too_slow_knows_what_it_missed(zevid, publisher_of, subscribe):
    zevid("--events-queue", 1000)
    subscriber = subscribe("E_SLOW", plain=True, losses=True, budget_bytes=1024 * 1024)
    publisher = publisher_of(full="wait", wait_max=30)
    count = 20000
    for i in range(count):
        assert publisher.publish("E_SLOW", {"i": i, "x": "y" * 200})
    assert publisher.flush(30)
    arrived, told = 0, 0
    while (found := subscriber.receive(0.3)) is not None:
        if isinstance(found, zevi.Event):
            arrived += 1
        else:
            told += found.count
    publisher.publish("E_SLOW", {"last": True})
    for found in subscriber:
        if isinstance(found, zevi.Lost):
            assert found.where == "after broker" and found.q_to - found.q_from + 1 == found.count
            told += found.count
        elif "last" in found:
            break
    assert told > 0 and arrived + told == count
    assert subscriber.lost == told


def test_a_child_publishes_under_its_own_identity(zevid, publisher_of, subscribe):
    zevid()
    subscriber = subscribe("E_FORK")
    publisher = publisher_of(name="forker")
    publisher.publish("E_FORK", {"who": "parent", "i": 0})
    children = []
    for number in range(3):
        pid = os.fork()
        if pid == 0:
            status = 1
            try:
                for i in range(100):
                    publisher.publish("E_FORK", {"who": number, "i": i})
                status = 0 if publisher.close(20) and publisher.statistics.acknowledged == 100 else 2
            finally:
                os._exit(status)
        children.append(pid)
    for i in range(1, 100):
        publisher.publish("E_FORK", {"who": "parent", "i": i})
    events = take(subscriber, 400)
    for pid in children:
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    for who in ("parent", 0, 1, 2):
        own = [e for e in events if e["who"] == who]
        assert [e["i"] for e in own] == list(range(100))
        assert len({e.id for e in own}) == 1
        assert {e.pid for e in own} == {os.getpid() if who == "parent" else children[who]}
    assert len({e.id for e in events}) == 4
    assert publisher.flush(20) and publisher.statistics.acknowledged == 100
    assert subscriber.statistics.repeats == 0 and subscriber.lost == 0


def test_a_script_that_does_not_close_still_gets_its_events_out(zevid, run_program, subscribe):
    zevid()
    subscriber = subscribe("E_SCRIPT")
    script = "import zevi\np = zevi.Publisher(name='short')\nfor i in range(50): p.publish('E_SCRIPT', {'i': i})\n"
    package = os.path.dirname(os.path.dirname(zevi.__file__))
    # The interpreter gives the exit 100 ms; a busy machine needs more to connect, so the script waits for that.
    script += "import time\nwhile not p.connected: time.sleep(0.001)\n"
    ended = run_program("/usr/bin/python3", "-c", script, env={"PYTHONPATH": package})
    assert ended.wait() == 0 and ended.stderr == ""
    assert [e["i"] for e in take(subscriber, 50)] == list(range(50))


def test_closing_without_a_broker_takes_no_longer_than_the_linger(publisher_of):
    publisher = publisher_of()
    publisher.publish("E_NOBODY", {})
    begun = time.monotonic()
    assert publisher.close(linger=0.1) is False
    assert time.monotonic() - begun < 5
    assert publisher.close() is True
    with pytest.raises(zevi.Error, match="closed"):
        publisher.publish("E_NOBODY", {})


def test_a_subscriber_may_come_before_the_broker(zevid, publisher_of, subscribe):
    begun = time.monotonic()
    subscriber = subscribe("E_EARLY", ready_timeout=0.05)
    assert time.monotonic() - begun < 5
    assert subscriber.unconfirmed is None and not subscriber.connected
    zevid()
    assert subscriber.wait_ready(20)
    publisher_of().publish("E_EARLY", {"i": 1})
    assert take(subscriber, 1)[0]["i"] == 1


def test_a_subscriber_looks_for_the_broker_again(zevid, test_dir, monkeypatch, publisher_of, runtime_dir):
    monkeypatch.setenv("ZEVI_RUNTIME_DIR", str(test_dir / "nowhere"))
    with zevi.subscribe("E_MOVED", timeout=20, ready_timeout=0) as subscriber:
        zevid()
        monkeypatch.setenv("ZEVI_RUNTIME_DIR", str(runtime_dir))
        assert subscriber.wait_ready(20)
        publisher_of().publish("E_MOVED", {})
        take(subscriber, 1)


def test_a_refused_batch_is_counted_and_the_next_one_goes_on(zevid, publisher_of, subscribe, monkeypatch):
    zevid()
    subscriber = subscribe("E_BAD")
    publisher = publisher_of()
    with monkeypatch.context() as patched:
        patched.setattr("zevi.wire.pack_params", lambda params: msgpack.packb([1]))
        publisher.publish("E_BAD", {})
        assert publisher.flush(20)
    publisher.publish("E_BAD", {"i": 2})
    assert take(subscriber, 1)[0]["i"] == 2
    assert publisher.flush(20)
    assert publisher.statistics.invalid == 1 and publisher.statistics.acknowledged == 1
    assert publisher.refusal
    assert subscriber.lost == 1


def test_malformed_messages_are_counted_and_reading_goes_on(test_dir):
    endpoint = f"ipc://{test_dir}/fake"
    context = zmq.Context()
    fake = context.socket(zmq.XPUB)
    fake.linger = 0
    fake.sndhwm = 0
    fake.bind(endpoint)
    try:
        with zevi.Subscriber("*", endpoint=endpoint) as subscriber:
            assert fake.poll(20000)
            fake.recv()
            header = {"v": 1, "b": 5, "q": 1, "n": 1, "at": 0, "l": 0, "r": [[9, "s", 1, 1, 1, "h", ""]]}
            good = [msgpack.packb(header), b"\xdd\0\0\0\x01\x92\x01\x81\xa1a\x01"]
            bad = [
                [],
                [b"\x80"],
                [b"", b""],
                [b"\xc1", good[1]],
                [b"\xdd\xff\xff\xff\xff", good[1]],
                [b"\x91" * 5000 + b"\x01", good[1]],
                [good[0], b"\xdd\xff\xff\xff\xff"],
                [good[0], b"\x91\x92\x01\x02"],
                [good[0], good[1] + b"\0"],
                [good[0], b"\x91\x92\x01\x81\xa1\xff\x01"],
                [good[0], b"\x91\x92\x01\x81\x90\x01"],
                [msgpack.packb({**header, "q": "1"}), good[1]],
                [msgpack.packb({**header, "v": 2}), good[1]],
                [msgpack.packb({**header, "r": [[9, "s", 1, 1, 2, "h", ""]]}), good[1]],
                [msgpack.packb({**header, "r": [[]]}), good[1]],
                [good[0], good[1], b"more"],
            ]
            for frames in bad:
                fake.send_multipart([b"E_X", *frames])
            fake.send_multipart([b"\xff\xfe", *good])
            fake.send_multipart([b"E_X", *good])
            event = subscriber.receive(20)
            assert event.params == {"a": 1} and event.q == 1
            assert subscriber.statistics.malformed == len(bad) + 1
    finally:
        fake.close()
        context.term()


def test_a_foreign_socket_can_wait_for_the_barrier(zevid, publisher_of):
    broker = zevid("--history", "none")
    publisher = publisher_of()
    wait_until(lambda: not publisher.enabled("E_FOREIGN"))
    context = zmq.Context()
    foreign = context.socket(zmq.SUB)
    foreign.sndhwm = 0
    foreign.connect(broker.events)
    foreign.subscribe("E_FOREIGN")
    try:
        ready = zevi.wait_ready(foreign, 20)
        assert ready and ready.live and ready.unconfirmed == 0 and ready.messages == []
        assert publisher.publish("E_FOREIGN", {"i": 1})
        assert foreign.poll(20000)
        topic, params, _meta = foreign.recv_multipart()
        assert (topic, msgpack.unpackb(params)) == (b"E_FOREIGN", {"i": 1})
    finally:
        foreign.close(0)
        context.term()


def test_waiting_for_a_barrier_without_a_broker_ends_in_time(test_dir):
    context = zmq.Context()
    foreign = context.socket(zmq.SUB)
    foreign.connect(f"ipc://{test_dir}/nobody")
    try:
        assert not zevi.wait_ready(foreign, 0.05)
    finally:
        foreign.close(0)
        context.term()


def test_what_is_wrong_with_an_argument_is_said():
    with pytest.raises(zevi.Error, match="E_A B"):
        zevi.Subscriber("E_A B", runtime_dir="/tmp")
    with pytest.raises(zevi.Error, match="no topic"):
        zevi.Subscriber(runtime_dir="/tmp")
    with pytest.raises(zevi.Error, match="107"):
        zevi.Subscriber("E_A", runtime_dir="/tmp/" + "x" * 120)
    with pytest.raises(zevi.Error, match="endpoint"):
        zevi.Subscriber("E_A", endpoint="nonsense")
    with pytest.raises(zevi.Error, match="'drop' or 'wait'"):
        zevi.Publisher(runtime_dir="/tmp", full="block")
    with zevi.Publisher(runtime_dir="/tmp") as publisher:
        for topic in ("", "E A", "E_ZEVI_X", "x" * 129):
            with pytest.raises(zevi.Error):
                publisher.publish(topic)
        with pytest.raises(TypeError):
            publisher.publish("E_A", {"x": object()})
        with pytest.raises(TypeError):
            publisher.publish("E_A", {1: 2})
        with pytest.raises(ValueError):
            publisher.publish("E_A", {"x": 1 << 64})
