"""What the broker keeps can be asked for, by number, by time and by count, and says what it keeps no longer."""

import time

import pytest

from zevi_test import RawPublisher, RawReader, RawSubscriber, wait_until


def publish(publisher, topic, count, batches=1, padding=0):
    """So many events `{"i": 0...}` of a topic, acknowledged, each batch a message of its own."""
    each = count // batches
    for first in range(0, count, each):
        events = [{"i": i, **({"x": "x" * padding} if padding else {})} for i in range(first, first + each)]
        send(publisher, topic, events)


def send(publisher, topic, events):
    """Sends a batch and waits until the broker has it, so that it is not joined with the next one."""
    s = publisher.events(topic, events)
    publisher.beat()  # is answered at once
    publisher.expect_ack(s)


@pytest.fixture
def scene(zevid):
    """A broker, a publisher and a reader. Nobody subscribes."""
    broker = zevid()
    with RawPublisher(broker.ingress).open() as publisher, RawReader(broker.endpoint("replay")) as reader:
        yield broker, publisher, reader


def test_what_nobody_subscribed_to_is_published_kept_and_replayed_from_a_number(scene):
    _, publisher, reader = scene
    assert publisher.wants("E_X") and not publisher.wants("E_PROFILING_PROC")
    publish(publisher, "E_X", 50, batches=10)
    answer = reader.ask("E_X", from_={"E_X": 1})
    assert answer.values() == list(range(50))
    assert answer.numbers() == {"E_X": list(range(1, 51))}
    end = answer.end
    assert end["next"] == {"E_X": 51} and not end["more"] and end["gone"] == [] and end["b"] != 0
    assert {event.epoch for event in answer.events} == {end["b"]}

    # The first and the last message reach beyond what was asked.
    part = reader.ask("E_X", from_={"E_X": 8}, to={"E_X": 22}, b=end["b"])
    assert part.numbers() == {"E_X": list(range(6, 26))}
    assert part.end["next"] == {"E_X": 26}


def test_the_last_ones_of_each_topic_and_where_topics_stand(scene):
    _, publisher, reader = scene
    publish(publisher, "E_A", 20, batches=20)
    publish(publisher, "E_B", 3, batches=3)
    answer = reader.ask("E_*", last=5)
    assert answer.numbers() == {"E_A": [16, 17, 18, 19, 20], "E_B": [1, 2, 3]}
    stand = reader.ask(["E_A", "E_B", "E_NEVER_SEEN"], last=0)
    assert stand.messages == [] and stand.end["next"] == {"E_A": 21, "E_B": 4}


def test_events_since_a_time_of_the_brokers_clock(scene):
    _, publisher, reader = scene
    publish(publisher, "E_X", 10)
    time.sleep(0.002)
    since = time.time_ns()
    publish(publisher, "E_X", 10)
    assert reader.ask("E_X", since=since).numbers() == {"E_X": list(range(11, 21))}
    assert reader.ask("E_X", since=time.time_ns() + 10**12).messages == []


def test_topics_that_match_a_prefix_or_a_name_come_in_the_order_in_which_they_were_taken_in(scene):
    _, publisher, reader = scene
    for i in range(10):
        for topic in ("E_B", "E_A", "E_AB", "F"):
            send(publisher, topic, [{"i": i}])
    answer = reader.ask(["E_*", "E_A*", "E_A"])
    assert answer.end["next"] == {"E_A": 11, "E_AB": 11, "E_B": 11}
    events = answer.events
    assert len(events) == 30
    assert [event.time_ns for event in events] == sorted(event.time_ns for event in events)
    exact = reader.ask(["E_A", "F"])
    assert exact.end["next"] == {"E_A": 11, "F": 11}


def test_an_answer_ends_at_its_limit_and_goes_on_where_it_ended(scene):
    _, publisher, reader = scene
    publish(publisher, "E_X", 100, batches=50, padding=500)
    publish(publisher, "E_Y", 100, batches=50, padding=500)
    first = reader.ask("E_*", limit_bytes=10_000)
    assert first.end["more"] and 0 < len(first.messages) < 10
    assert first.end["next"]["E_Y"] == 1
    smallest = reader.ask("E_X", limit_bytes=1)
    assert smallest.end["more"] and len(smallest.messages) == 1
    whole = reader.ask_all("E_*", limit_bytes=10_000)
    assert whole.numbers() == {"E_X": list(range(1, 101)), "E_Y": list(range(1, 101))}
    assert whole.end["next"] == {"E_X": 101, "E_Y": 101}


def test_what_the_history_had_no_room_for_is_named_when_it_was_asked_for(zevid):
    broker = zevid("--history", "E_=1MiB", "--history", "E_NONE=none")
    with RawPublisher(broker.ingress).open() as publisher, RawReader(broker.endpoint("replay")) as reader:
        assert not publisher.wants("F") and not publisher.wants("E_NONE")
        publish(publisher, "E_X", 100, batches=100, padding=50_000)
        publish(publisher, "E_NONE", 3)
        kept = reader.ask("E_*")
        oldest = kept.numbers()["E_X"][0]
        assert 78 <= oldest < 90, "1 MiB holds about 20 of them"
        assert kept.end["gone"] == [] and kept.end["next"] == {"E_X": 101, "E_NONE": 4}
        asked = reader.ask("E_*", from_={"E_X": 5, "E_NONE": 2})
        assert asked.end["gone"] == [["E_X", 5, oldest - 1], ["E_NONE", 2, 3]] or asked.end["gone"] == [
            ["E_NONE", 2, 3],
            ["E_X", 5, oldest - 1],
        ]
        assert asked.numbers() == kept.numbers()
        only = reader.ask("E_X", from_={"E_X": 5}, to={"E_X": 9})
        assert only.messages == [] and only.end["gone"] == [["E_X", 5, 9]] and only.end["next"] == {"E_X": 10}
    counters = broker.stopped_counters()
    assert counters["history_evicted"] == oldest - 1
    assert counters["history_events"] == 101 - oldest
    assert counters["history_bytes"] <= 1 << 20
    assert counters["replays"] == 3 and counters["replay_gone"] == (oldest - 5) + 2 + 5


def test_a_broker_without_history_answers_that_all_is_gone_and_publishers_keep_silent(zevid):
    broker = zevid("--history", "none")
    with RawPublisher(broker.ingress).open() as publisher, RawReader(broker.endpoint("replay")) as reader:
        assert not publisher.wants("E_X")
        publish(publisher, "E_X", 7)
        answer = reader.ask("E_X", from_={"E_X": 3})
        assert answer.messages == [] and answer.end["gone"] == [["E_X", 3, 7]] and answer.end["next"] == {"E_X": 8}


def test_numbers_of_an_epoch_that_the_broker_does_not_know_say_nothing(scene):
    _, publisher, reader = scene
    publish(publisher, "E_X", 10, batches=10)
    answer = reader.ask("E_X", from_={"E_X": 8}, b=12345)
    assert answer.numbers() == {"E_X": list(range(1, 11))} and answer.end["gone"] == []


def test_the_barrier_is_a_seam_between_replay_and_live(scene):
    broker, publisher, reader = scene
    publish(publisher, "E_X", 1000, batches=100)
    with RawSubscriber(broker.stream, ["E_X"], barrier=False) as subscriber:
        subscriber.barrier(confirmed=False)
        publish(publisher, "E_X", 10)
        replayed = reader.ask("E_X").numbers()["E_X"]
        assert replayed == list(range(1, 1011))
        assert [event.q for event in subscriber.events(10)] == list(range(1001, 1011))


def test_events_older_than_max_age_reach_nobody_and_are_counted(zevid):
    broker = zevid("--max-age", "E_X=1s")
    with RawPublisher(broker.ingress).open() as publisher, RawReader(broker.endpoint("replay")) as reader:
        with RawSubscriber(broker.stream, ["E_"], barrier=False) as subscriber:
            subscriber.barrier(confirmed=False)
            publisher.events("E_X", [{"i": 1}], time_ns=time.time_ns() - 2 * 10**9)
            publisher.events("E_Y", [{"i": 2}], time_ns=time.time_ns() - 2 * 10**9)
            publisher.events("E_X", [{"i": 3}])
            found = subscriber.events(2)
        assert [(event.topic, event.q, event.params["i"], event.lost_before_broker) for event in found] == [
            ("E_Y", 1, 2, 0),
            ("E_X", 1, 3, 1),
        ]
        assert reader.ask("E_X").values() == [3]
        wait_until(lambda: reader.ask("E_X").messages == [], what="the event's end")
        assert reader.ask("E_X", from_={"E_X": 1}).end["gone"] == [["E_X", 1, 1]]
    assert broker.stopped_counters()["events_expired"] == 1


def test_a_reader_that_does_not_read_pauses_its_own_answer_while_others_and_live_events_go_on(scene):
    broker, publisher, reader = scene
    publish(publisher, "E_BIG", 2000, batches=400, padding=10_000)
    with RawReader(broker.endpoint("replay"), rcvhwm=1) as stuck, RawSubscriber(broker.stream, ["E_X"]) as live:
        i = stuck.send("E_BIG", limit_bytes=16 << 20)
        wait_until(lambda: stuck.socket.poll(0), what="the beginning of the answer")
        for number in range(200):
            publisher.events("E_X", [{"i": number}])
            assert live.events(1)[0].params == {"i": number}
        assert reader.ask("E_X").values() == list(range(200))
        assert len(reader.ask("E_BIG", limit_bytes=16 << 20).events) > 1000
        answer = stuck.receive(i)
        assert answer.end["more"] and len(answer.events) > 1000
        assert answer.numbers()["E_BIG"] == list(range(1, len(answer.events) + 1))
