"""Late join, repair and cursors of the Python package, against the real broker and its history."""

import asyncio
import contextlib
import datetime
import socket
import threading
import time

import pytest

import zevi
from zevi_test import RawControl, wait_until


@pytest.fixture
def publisher(zevid, runtime_dir):
    with zevi.Publisher(runtime_dir=str(runtime_dir), name="test") as opened:
        yield opened


def publish(publisher, topic, numbers):
    for n in numbers:
        assert publisher.publish(topic, {"n": n})
    assert publisher.flush(timeout=10)


def take(subscriber, count):
    found = []
    while len(found) < count:
        event = subscriber.receive(10)
        assert event is not None, f"{len(found)} of {count}; {subscriber.statistics}"
        found.append(event)
    return found


def numbers(events):
    return [event["n"] for event in events]


def test_who_comes_late_reads_what_the_broker_still_has_and_then_what_is_live(zevid, publisher, subscribe):
    zevid()
    publish(publisher, "E_A", range(100))
    publish(publisher, "E_B", range(3))
    subscriber = subscribe("E_*", start="oldest")
    publish(publisher, "E_A", range(100, 110))
    found = take(subscriber, 113)
    assert numbers(e for e in found if e.topic == "E_A") == list(range(110))
    assert numbers(e for e in found if e.topic == "E_B") == [0, 1, 2]
    assert subscriber.lost == 0
    assert subscriber.statistics.replayed >= 103


def test_a_subscriber_without_a_start_reads_nothing_old(zevid, publisher, subscribe):
    zevid()
    publish(publisher, "E_A", range(5))
    subscriber = subscribe("E_A")
    publish(publisher, "E_A", [5])
    assert numbers(take(subscriber, 1)) == [5]
    assert subscriber.lost == 0


def test_the_last_events_of_each_topic_can_be_had(zevid, publisher, subscribe):
    zevid()
    publish(publisher, "E_A", range(50))
    publish(publisher, "E_B", range(2))
    found = take(subscribe("E_*", last=7), 9)
    assert numbers(e for e in found if e.topic == "E_A") == list(range(43, 50))
    assert numbers(e for e in found if e.topic == "E_B") == [0, 1]


def test_a_start_by_number_begins_there(zevid, publisher, subscribe):
    zevid()
    publish(publisher, "E_A", range(50))
    assert numbers(take(subscribe("E_A", start={"E_A": 41}), 10)) == list(range(40, 50))


def test_a_start_by_time_begins_at_what_came_later(zevid, publisher, subscribe):
    zevid()
    publish(publisher, "E_A", range(5))
    time.sleep(0.05)  # the clock has to move on between the two
    between = datetime.datetime.now(datetime.timezone.utc)
    time.sleep(0.05)
    publish(publisher, "E_A", range(5, 8))
    assert numbers(take(subscribe("E_A", since=between), 3)) == [5, 6, 7]


def test_a_long_history_is_read_over_several_answers(zevid, publisher, subscribe):
    zevid()
    padding = "x" * 50_000
    for n in range(300):
        assert publisher.publish("E_A", {"n": n, "padding": padding})
        if n % 50 == 49:
            assert publisher.flush(timeout=10)
    assert numbers(take(subscribe("E_A", start="oldest"), 300)) == list(range(300))


def test_what_a_stopped_reader_missed_is_fetched_afterwards(zevid, publisher, subscribe):
    zevid("--subscriber-budget", "1MiB")
    subscriber = subscribe("E_A", budget_bytes=1 << 20)
    padding = "x" * 60_000
    for n in range(600):
        assert publisher.publish("E_A", {"n": n, "padding": padding})
        if n % 20 == 19:
            assert publisher.flush(timeout=10)
    assert numbers(take(subscriber, 600)) == list(range(600))
    assert subscriber.lost == 0
    assert subscriber.statistics.replayed > 0


def test_without_a_history_what_was_missed_is_told_to_the_reader_and_to_the_operator(zevid, publisher, subscribe):
    broker = zevid("--history", "none", "--subscriber-budget", "1MiB")
    subscriber = subscribe("E_A", budget_bytes=1 << 20, losses=True)
    wait_until(lambda: publisher.enabled("E_A"), 10, lambda: "the topic is wanted")
    padding = "x" * 60_000
    for n in range(600):
        assert publisher.publish("E_A", {"n": n, "padding": padding})
        if n % 20 == 19:
            assert publisher.flush(timeout=10)
    seen = 0
    while seen < 600:
        found = subscriber.receive(10)
        assert found is not None, subscriber.statistics
        seen += found.count if isinstance(found, zevi.Lost) else 1
    assert subscriber.lost > 0
    assert subscriber.lost + subscriber.statistics.events == 600
    with RawControl(broker.endpoint("control")) as control:
        wait_until(lambda: control.topic("E_A")["lost_after"] == subscriber.lost, what="the report")


def test_after_a_disconnection_nothing_is_missing(zevid, publisher, subscribe):
    broker = zevid()
    subscriber = subscribe("E_A")
    publish(publisher, "E_A", range(5))
    assert numbers(take(subscriber, 5)) == list(range(5))
    broker.kill()
    zevid()
    publish(publisher, "E_A", range(5, 10))
    found = []
    while len(found) < 5:
        event = subscriber.receive(10)
        assert event is not None, subscriber.statistics
        found.append(event["n"])
    assert found == list(range(5, 10))


def test_a_consumer_goes_on_where_it_had_confirmed(zevid, publisher, subscribe, test_dir):
    zevid()
    cursor = str(test_dir / "cursor")
    publish(publisher, "E_A", range(10))
    first = subscribe("E_A", start="oldest", cursor=cursor, confirm="call")
    assert numbers(take(first, 6)) == list(range(6))
    first.confirm()
    assert numbers(take(first, 2)) == [6, 7]
    first.close()
    publish(publisher, "E_A", range(10, 12))
    second = subscribe("E_A", start="oldest", cursor=cursor, confirm="call")
    assert numbers(take(second, 6)) == list(range(6, 12))
    assert second.lost == 0


def test_reading_on_confirms_what_was_read(zevid, publisher, subscribe, test_dir):
    zevid()
    cursor = str(test_dir / "cursor")
    publish(publisher, "E_A", range(10))
    first = subscribe("E_A", start="oldest", cursor=cursor)
    take(first, 6)
    first.close()
    assert numbers(take(subscribe("E_A", start="oldest", cursor=cursor), 5)) == list(range(5, 10))


def test_a_consumer_and_its_broker_start_again_and_nothing_comes_twice(zevid, publisher, subscribe, test_dir):
    broker = zevid()
    cursor = str(test_dir / "cursor")
    first = subscribe("E_A", start="oldest", cursor=cursor, confirm="call")
    publish(publisher, "E_A", range(10))
    take(first, 10)
    first.confirm()
    first.close()
    broker.kill()
    zevid()
    publish(publisher, "E_A", range(10, 13))
    second = subscribe("E_A", cursor=cursor, confirm="call", losses=True)
    found = take(second, 4)
    assert isinstance(found[0], zevi.EpochChanged)
    assert numbers(found[1:]) == [10, 11, 12]


def test_async_for_reads_the_history_as_well(zevid, publisher, runtime_dir):
    zevid()
    publish(publisher, "E_A", range(20))

    async def read():
        found = []
        async with zevi.Subscriber("E_A", runtime_dir=str(runtime_dir), start="oldest", timeout=10) as subscriber:
            async for event in subscriber:
                found.append(event["n"])
                if len(found) == 20:
                    return found
        return found

    assert asyncio.run(read()) == list(range(20))


def test_async_for_repairs_and_outlives_its_broker_as_well(zevid, publisher, runtime_dir):
    async def read(found, count, subscriber):
        while len(found) < count:
            found.append((await subscriber.receive_async(10))["n"])

    async def run():
        options = {"budget_bytes": 1 << 20, "start": "oldest", "timeout": 10}
        async with zevi.Subscriber("E_A", runtime_dir=str(runtime_dir), **options) as subscriber:
            found = []
            padding = "x" * 60_000
            for n in range(300):
                assert publisher.publish("E_A", {"n": n, "padding": padding})
                if n % 20 == 19:
                    await asyncio.to_thread(publisher.flush, 10)
            await read(found, 300, subscriber)
            broker.kill()
            zevid()
            await asyncio.to_thread(publish, publisher, "E_A", range(300, 310))
            await read(found, 310, subscriber)
            return found, subscriber.lost

    broker = zevid("--subscriber-budget", "1MiB")
    found, lost = asyncio.run(run())
    assert found == list(range(310)) and lost == 0


def test_a_stopped_broker_holds_a_reader_up_and_loses_it_nothing(zevid, publisher, subscribe):
    broker = zevid()
    publish(publisher, "E_A", range(10))
    broker.pause()
    timer = threading.Timer(1.0, broker.resume)
    timer.start()
    subscriber = subscribe("E_A", start="oldest", ready_timeout=0.1)
    assert numbers(take(subscriber, 10)) == list(range(10))
    timer.join()


@pytest.fixture
def late_replay(test_dir):
    """Opens an endpoint that leads to a broker's replay, but not before some seconds are over."""
    ends = []

    def open_late(broker, seconds):
        path = f"{test_dir}/late"
        listener = socket.socket(socket.AF_UNIX)
        ends.append(listener.close)
        listener.bind(path)
        listener.listen()

        def relay():
            with contextlib.suppress(OSError):
                while True:
                    near, _ = listener.accept()
                    far = socket.socket(socket.AF_UNIX)
                    ends.extend([near.close, far.close])
                    far.connect(broker.endpoint("replay")[len("ipc://") :])
                    for source, sink in ((near, far), (far, near)):
                        threading.Thread(target=copy, args=(source, sink), daemon=True).start()

        timer = threading.Timer(seconds, relay)
        timer.daemon = True
        timer.start()
        return f"ipc://{path}"

    yield open_late
    for end in ends:
        end()


def copy(source, sink):
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)


def test_a_history_that_answers_late_is_waited_for(zevid, publisher, late_replay):
    broker = zevid()
    publish(publisher, "E_A", range(10))
    options = {"endpoint": broker.endpoint("stream"), "replay_endpoint": late_replay(broker, 3.0)}
    with zevi.Subscriber("E_A", start="oldest", **options) as subscriber:
        assert numbers(take(subscriber, 10)) == list(range(10))
        assert subscriber.statistics.history_missing == 0


def test_what_ended_with_the_broker_is_told_when_its_publisher_is_heard_again(zevid, publisher, subscribe, test_dir):
    broker = zevid()
    cursor = str(test_dir / "cursor")
    first = subscribe("E_A", cursor=cursor, confirm="call")
    publish(publisher, "E_A", range(3))
    take(first, 3)
    first.confirm()
    first.close()
    publish(publisher, "E_A", range(3, 7))  # acknowledged, and read by nobody
    broker.kill()
    zevid()
    publish(publisher, "E_A", range(7, 9))
    second = subscribe("E_A", cursor=cursor, confirm="call", losses=True)
    changed, lost, *events = take(second, 4)
    assert isinstance(changed, zevi.EpochChanged)
    assert (lost.where, lost.count, lost.p_from, lost.p_to, lost.id) == ("with broker", 4, 4, 7, events[0].id)
    assert numbers(events) == [7, 8]
    assert second.lost == second.statistics.lost_with_broker == 4


def test_a_cursor_that_was_saved_at_a_change_of_epoch_leads_on_and_does_not_begin_now(zevid, publisher, subscribe, test_dir):
    broker = zevid()
    cursor = str(test_dir / "cursor")
    first = subscribe("E_*", cursor=cursor, confirm="call", losses=True)
    publish(publisher, "E_A", range(3))
    take(first, 3)
    broker.kill()
    zevid()
    publish(publisher, "E_B", range(1))
    assert isinstance(first.receive(10), zevi.EpochChanged)
    first.confirm()
    first.close()
    publish(publisher, "E_A", range(3, 6))
    second = subscribe("E_*", cursor=cursor, confirm="call")
    found = take(second, 4)
    assert numbers(e for e in found if e.topic == "E_A") == [3, 4, 5]
    assert numbers(e for e in found if e.topic == "E_B") == [0]
    assert second.lost == 0


def test_a_cursor_that_began_now_does_not_bring_old_events_of_silent_topics(zevid, publisher, subscribe, test_dir):
    zevid()
    cursor = str(test_dir / "cursor")
    publish(publisher, "E_OLD", range(5))
    subscribe("E_*", cursor=cursor).close()
    publish(publisher, "E_OLD", [5])
    publish(publisher, "E_NEW", [0])
    found = take(subscribe("E_*", cursor=cursor), 2)
    assert [(e.topic, e["n"]) for e in found] == [("E_OLD", 5), ("E_NEW", 0)]


def test_a_history_that_is_not_there_is_an_error_for_who_does_not_listen_for_marks(zevid, publisher, test_dir):
    broker = zevid()
    publish(publisher, "E_A", range(3))
    options = {"endpoint": broker.endpoint("stream"), "replay_endpoint": f"ipc://{test_dir}/nowhere", "ready_timeout": 1}
    told = []
    with contextlib.ExitStack() as opened:
        listening = opened.enter_context(zevi.subscribe("E_A", start="oldest", on_loss=told.append, **options))
        asking = opened.enter_context(zevi.subscribe("E_A", start="oldest", **options))
        deaf = opened.enter_context(zevi.subscribe("E_A", **options))
        publish(publisher, "E_A", range(3, 5))
        with pytest.raises(zevi.Error, match="history cannot be read.*nowhere"):
            asking.receive(10)
        for subscriber in (listening, asking, deaf):
            assert numbers(take(subscriber, 2)) == [3, 4]
        assert [type(mark) for mark in told] == [zevi.HistoryMissing]
        assert listening.statistics.history_missing == 1 and deaf.statistics.history_missing == 0


@pytest.mark.parametrize(
    "options, words",
    [
        ({"plain": True, "start": "oldest"}, "leave out plain"),
        ({"endpoint": "tcp://127.0.0.1:1", "last": 5}, "replay_endpoint"),
        ({"repair": False, "start": "oldest"}, "repair=False"),
        ({"start": "oldest", "last": 5}, "contradict"),
        ({"confirm": "never"}, "'read' or 'call'"),
    ],
)
def test_options_that_contradict_one_another_are_named(runtime_dir, options, words):
    with pytest.raises(zevi.Error, match=words):
        zevi.Subscriber("E_A", **{"runtime_dir": str(runtime_dir), **options})


def test_confirming_without_a_cursor_is_refused(runtime_dir):
    with zevi.Subscriber("E_A", runtime_dir=str(runtime_dir)) as subscriber:
        with pytest.raises(zevi.Error, match="give the option cursor"):
            subscriber.confirm()


def test_a_time_limit_holds_though_messages_for_others_keep_coming(zevid, publisher, subscribe):
    zevid()
    subscriber = subscribe("E_A")
    done = threading.Event()

    def babble():
        while not done.is_set():
            publish(publisher, "E_AB", range(5))  # shares the prefix

    thread = threading.Thread(target=babble)
    thread.start()
    try:
        before = time.monotonic()
        assert subscriber.receive(0.5) is None
        assert time.monotonic() - before < 10
        assert subscriber.statistics.filtered > 0
    finally:
        done.set()
        thread.join()
