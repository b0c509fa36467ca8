"""Replay and live meet without a gap and without a repeat, whatever the link loses."""

import os
import random

import pytest

from history_scene import Broker, Consumer, started
from zevi.event import EpochChanged, Event, Lost
from zevi.replay_wire import Question
from zevi.start import Start, parse

SEED = int(os.environ.get("ZEVI_TEST_SEED", random.randrange(1 << 32)))


def test_without_a_start_nothing_old_is_read():
    broker = Broker()
    broker.publish("E_A", 5)
    consumer = started(broker)
    consumer.arrive(broker.publish("E_A"))
    assert consumer.numbers() == [6]
    assert consumer.line.questions == [Question(["E_A"], last=0)]


def test_what_is_published_once_the_subscription_is_live_is_read():
    broker = Broker()
    broker.publish("E_A", 5)
    broker.publish("E_B", 5)
    consumer = Consumer(broker, "E_*")
    consumer.arrive(broker.publish("E_A"))
    consumer.live()
    consumer.arrive(broker.publish("E_B"))
    assert consumer.numbers() == [6]
    assert consumer.numbers("E_B") == [6]


def test_from_the_oldest_on_everything_held_is_read_over_several_answers_and_then_what_is_live():
    broker = Broker()
    for _ in range(10):
        broker.publish("E_A", 2)
    consumer = Consumer(broker, "E_A", start=Start(oldest=True))
    consumer.arrive(broker.publish("E_A", 2))
    consumer.live()
    consumer.arrive(broker.publish("E_A"))
    assert consumer.numbers() == list(range(1, 24))
    assert consumer.reader.statistics.replayed == 22


def test_the_last_events_are_cut_out_of_the_messages_that_hold_them():
    broker = Broker()
    for _ in range(4):
        broker.publish("E_A", 5)
    assert started(broker, start=Start(last=7)).numbers() == list(range(14, 21))


def test_fewer_events_than_asked_for_are_no_loss():
    broker = Broker(held_max=1)
    broker.publish("E_A", 5)
    broker.publish("E_A", 5)
    consumer = started(broker, start=Start(last=9))
    assert consumer.numbers() == list(range(6, 11))
    assert consumer.reader.statistics.lost_after_broker == 0


def test_numbers_that_were_asked_for_and_are_gone_are_told_as_lost():
    broker = Broker(held_max=1)
    broker.publish("E_A", 5)
    broker.publish("E_A", 5)
    consumer = started(broker, start=Start(numbers={"E_A": 3}))
    assert consumer.found()[0] == Lost("E_A", 3, "after broker", 3, 5)
    assert consumer.numbers() == list(range(6, 11))


def test_a_gap_is_filled_before_what_comes_behind_it():
    broker = Broker()
    consumer = started(broker)
    consumer.arrive(broker.publish("E_A"))
    broker.publish("E_A", 3)
    consumer.arrive(broker.publish("E_A"))
    consumer.arrive(broker.publish("E_A"))
    consumer.work()
    assert consumer.numbers() == [1, 2, 3, 4, 5, 6]
    assert consumer.reader.statistics.lost_after_broker == 0
    assert consumer.line.questions[-1] == Question(["E_A"], {"E_A": 2}, {"E_A": 4}, epoch=7)


def test_a_gap_that_is_no_longer_held_is_told_as_lost_in_its_place():
    broker = Broker(held_max=1)
    consumer = started(broker)
    consumer.arrive(broker.publish("E_A"))
    broker.publish("E_A", 3)
    consumer.arrive(broker.publish("E_A"))
    consumer.work()
    assert [type(f) for f in consumer.found()] == [Event, Lost, Event]
    assert consumer.found()[1] == Lost("E_A", 3, "after broker", 2, 4)


def test_what_was_missed_during_a_disconnection_is_fetched_though_nothing_new_comes():
    broker = Broker()
    consumer = started(broker, "E_*")
    consumer.arrive(broker.publish("E_A"))
    broker.publish("E_A", 2)
    broker.publish("E_B", 2)
    consumer.catch_up.wait_for_barrier()
    consumer.live()
    assert consumer.numbers() == [1, 2, 3]
    assert consumer.numbers("E_B") == [1, 2]


def test_a_new_broker_is_read_from_its_first_event_on():
    broker = Broker()
    consumer = started(broker)
    consumer.arrive(broker.publish("E_A", 3))
    successor = Broker(epoch=8)
    successor.p = 100
    successor.publish("E_A", 2)
    consumer.line.broker = successor
    consumer.catch_up.wait_for_barrier()
    consumer.live()
    assert consumer.numbers() == [1, 2, 3, 1, 2]
    assert EpochChanged(7, 8) in consumer.found()
    assert consumer.reader.statistics.lost_after_broker == 0


def test_what_is_held_stays_within_the_budget_and_the_barrier_is_still_found():
    broker = Broker()
    consumer = Consumer(broker, "E_A", start=Start(oldest=True), budget_bytes=500)
    for _ in range(50):
        consumer.arrive(broker.publish("E_A"))
    assert not consumer.catch_up.is_full, "the barrier comes behind them"
    consumer.catch_up.go(broker.epoch)
    assert consumer.catch_up.is_full
    consumer.work()
    assert consumer.numbers() == list(range(1, 51))


@pytest.mark.parametrize("round_", range(30))
def test_over_a_link_that_loses_every_event_arrives_once_in_order_or_is_told_as_lost(round_):
    chance = random.Random(SEED + round_)
    print(f"ZEVI_TEST_SEED={SEED + round_}")
    broker = Broker(held_max=chance.choice([2, 5, 1000]), answer_messages=chance.randint(1, 4))
    consumer = Consumer(broker, "E_*", start=Start(oldest=True))
    for _ in range(300):
        frames = broker.publish(chance.choice(["E_A", "E_B", "E_C"]), chance.randint(1, 3))
        if chance.random() < 0.7:
            consumer.arrive(frames)
        consumer.work(chance.randint(0, 5))
        if chance.random() < 0.03:
            consumer.catch_up.wait_for_barrier()
        if chance.random() < 0.1:
            consumer.catch_up.go(broker.epoch)
    consumer.work()
    consumer.catch_up.wait_for_barrier()
    consumer.live()
    for topic, end in broker.next_q.items():
        next_q = None
        for found in consumer.found():
            if found.topic != topic:
                continue
            first, last = (found.q, found.q) if type(found) is Event else (found.q_from, found.q_to)
            assert next_q in (None, first)
            next_q = last + 1
        assert next_q == end


@pytest.mark.parametrize(
    "arguments, words",
    [
        (("oldest", 5, None), "contradict"),
        (("yesterday", None, None), "'now', 'oldest'"),
        (({"E A": 1}, None, None), "first number"),
        (({"E_A": 0}, None, None), "from 1"),
        ((None, -1, None), "how long ago"),
        ((None, None, 0), "from 1"),
    ],
)
def test_a_start_that_cannot_be_is_refused_in_words(arguments, words):
    with pytest.raises(Exception, match=words):
        parse(*arguments)
