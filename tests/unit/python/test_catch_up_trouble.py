"""Where a broker does not answer, or another one does, everything is read that can be had, and the rest is told."""

from dataclasses import replace

import pytest

from history_scene import Broker, Clock, Consumer, Line, Nobody, Silent, consumer_with, started, wait
from zevi.event import EpochChanged, Event, HistoryMissing, Lost
from zevi.replay_wire import End
from zevi.start import Start


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr("zevi.catch_up.time", clock)
    return clock


@pytest.mark.parametrize("start", [Start(oldest=True), Start(last=4), Start(since_ns=0), Start(numbers={"E_A": 1})])
def test_a_broker_that_does_not_answer_is_asked_again_and_nothing_is_handed_out_meanwhile(clock, start):
    broker = Broker()
    broker.publish("E_A", 3)
    consumer = consumer_with(Silent(broker), broker, start)
    consumer.live()
    consumer.arrive(broker.publish("E_A"))
    wait(consumer, clock, 20)
    assert consumer.found() == []
    assert 3 <= len(consumer.line.questions) <= 5
    consumer.line = consumer.catch_up._line = Line(broker)
    wait(consumer, clock, 9)
    assert consumer.numbers() == [1, 2, 3, 4]
    assert [f for f in consumer.found() if type(f) is not Event] == []


@pytest.mark.parametrize("kind, seconds, words", [(Silent, 60, "does not answer"), (Nobody, 5, "no replay")])
def test_a_history_that_cannot_be_had_is_told_and_reading_goes_on(clock, kind, seconds, words):
    broker = Broker()
    broker.publish("E_A", 3)
    consumer = consumer_with(kind(broker), broker, Start(oldest=True))
    consumer.live()
    consumer.arrive(broker.publish("E_A"))
    wait(consumer, clock, seconds)
    missing, event = consumer.found()
    assert type(missing) is HistoryMissing and words in missing.reason
    assert event.q == 4
    assert consumer.reader.statistics.history_missing == 1


def test_a_broker_that_stands_still_for_a_minute_loses_nobody_anything(clock):
    broker = Broker()
    consumer = started(broker)
    consumer.arrive(broker.publish("E_A"))
    consumer.line = consumer.catch_up._line = Silent(broker)
    clock.now += 2
    consumer.catch_up.check_if_quiet()
    wait(consumer, clock, 60)
    broker.publish("E_A", 3)
    consumer.line = consumer.catch_up._line = Line(broker)
    consumer.arrive(broker.publish("E_A"))
    wait(consumer, clock, 9)
    assert consumer.numbers() == [1, 2, 3, 4, 5]
    assert len(consumer.found()) == 5


def test_without_a_broker_a_question_waits_for_one(clock):
    broker = Broker()
    consumer = started(broker)
    consumer.arrive(broker.publish("E_A"))
    consumer.line = consumer.catch_up._line = Nobody(broker)
    consumer.catch_up.is_connected = False
    clock.now += 2
    consumer.catch_up.check_if_quiet()
    wait(consumer, clock, 300)
    assert len(consumer.found()) == 1 and consumer.catch_up.holding


def test_a_socket_that_was_there_before_is_waited_for(clock):
    broker = Broker()
    consumer = started(broker)
    consumer.arrive(broker.publish("E_A"))
    consumer.line = consumer.catch_up._line = Nobody(broker)
    broker.publish("E_A")
    consumer.arrive(broker.publish("E_A"))
    wait(consumer, clock, 15)
    consumer.line = consumer.catch_up._line = Line(broker)
    wait(consumer, clock, 1)
    assert consumer.numbers() == [1, 2, 3]


def test_time_that_the_consumer_takes_is_no_reason_to_give_up(clock):
    broker = Broker()
    broker.publish("E_A", 3)
    consumer = consumer_with(Silent(broker), broker, Start(oldest=True))
    consumer.live()
    clock.now += 1000
    consumer.work()
    assert consumer.found() == [] and consumer.catch_up.holding


def test_who_begins_now_does_not_wait_for_a_history_that_is_not_there(clock):
    broker = Broker()
    broker.publish("E_A", 3)
    consumer = consumer_with(Nobody(broker), broker, Start())
    consumer.live()
    consumer.arrive(broker.publish("E_A"))
    assert consumer.numbers() == [4]
    assert len(consumer.found()) == 1


def test_a_refused_question_is_asked_again_and_told_if_it_is_refused_for_long(clock):
    class Refusing(Broker):
        refuses = True

        def answer(self, question):
            return [End(self.epoch, {}, reason="ask later")] if self.refuses else super().answer(question)

    broker = Refusing()
    broker.publish("E_A", 3)
    consumer = started(broker, start=Start(oldest=True))
    wait(consumer, clock, 5)
    assert consumer.found() == []
    broker.refuses = False
    wait(consumer, clock, 1)
    assert consumer.numbers() == [1, 2, 3]

    broker.refuses = True
    consumer = started(broker, start=Start(oldest=True))
    wait(consumer, clock, 60)
    assert consumer.found() == [HistoryMissing("the broker refused: ask later")]


def test_a_broker_of_another_epoch_than_the_live_one_is_not_believed(clock):
    broker, successor = Broker(), Broker(epoch=8)
    consumer = started(broker, start=Start(oldest=True))
    consumer.arrive(broker.publish("E_A", 3))
    successor.p = 100
    successor.publish("E_A", 2)
    consumer.line.broker = successor
    consumer.catch_up.wait_for_barrier()
    consumer.catch_up.go(7)  # the old connection still had an answer
    wait(consumer, clock, 5)
    assert consumer.numbers() == [1, 2, 3]
    consumer.catch_up.go(8)
    consumer.work()
    assert consumer.numbers() == [1, 2, 3, 1, 2]


def test_a_live_message_of_a_new_epoch_waits_for_what_came_before_it():
    broker, successor = Broker(), Broker(epoch=8)
    consumer = started(broker)
    consumer.arrive(broker.publish("E_A", 3))
    successor.p = 3
    successor.publish("E_A", 2)
    consumer.line.broker = successor
    consumer.arrive(successor.publish("E_A"))
    assert consumer.catch_up.waits_for_barrier
    consumer.live()
    assert consumer.numbers() == [1, 2, 3, 1, 2, 3]
    assert [f.p for f in consumer.found() if type(f) is Event] == [1, 2, 3, 4, 5, 6]


def test_what_is_held_behind_a_hole_when_its_broker_ends_is_handed_out_and_the_hole_is_told(clock):
    broker, successor = Broker(), Broker(epoch=8)
    consumer = started(broker)
    consumer.arrive(broker.publish("E_A", 2))
    consumer.line = consumer.catch_up._line = Silent(broker)
    lost = broker.publish("E_A", 2)
    behind = broker.publish("E_A", 2)
    consumer.arrive(behind)
    assert consumer.numbers() == [1, 2]
    # The successor gets them again.
    for frames, p in ((lost, 3), (behind, 5)):
        successor.p = p - 1
        successor.publish("E_A", 2)
    consumer.line = consumer.catch_up._line = Line(successor)
    consumer.catch_up.wait_for_barrier()
    consumer.live()
    consumer.arrive(successor.publish("E_A"))
    assert consumer.found()[2] == Lost("E_A", 2, "after broker", 3, 4)
    assert [f.p for f in consumer.found() if type(f) is Event] == [1, 2, 5, 6, 7]
    assert consumer.reader.statistics.lost_with_broker == 0


def test_what_ended_with_its_broker_is_told_by_the_numbers_of_its_publisher():
    broker, successor = Broker(), Broker(epoch=8)
    consumer = started(broker)
    consumer.arrive(broker.publish("E_A", 3))
    successor.p = 7
    successor.publish("E_A", 2)
    consumer.line.broker = successor
    consumer.catch_up.wait_for_barrier()
    consumer.live()
    consumer.arrive(successor.publish("E_A"))
    marks = [f for f in consumer.found() if type(f) is not Event]
    assert marks == [EpochChanged(7, 8), Lost("E_A", 4, "with broker", id=9, p_from=4, p_to=7)]
    assert consumer.reader.statistics.lost_with_broker == 4
    assert str(marks[1]) == "E_A: 4 lost with broker (publisher 9, p 4 to 7)"


def test_what_left_the_history_of_a_new_broker_before_it_was_asked_is_told():
    broker, successor = Broker(), Broker(epoch=8, held_max=1)
    consumer = started(broker, "E_*")
    consumer.arrive(broker.publish("E_A"))
    successor.p = 1
    for topic in ("E_A", "E_A", "E_B", "E_B"):
        successor.publish(topic, 2)
    consumer.line.broker = successor
    consumer.catch_up.wait_for_barrier()
    consumer.live()
    assert [f for f in consumer.found() if type(f) is Lost and f.where == "after broker"] == [
        Lost("E_A", 2, "after broker", 1, 2), Lost("E_B", 2, "after broker", 1, 2)
    ]  # fmt: skip


def test_a_topic_that_is_new_is_read_from_its_first_event_on():
    broker = Broker()
    consumer = started(broker, "E_*")
    broker.publish("E_B", 2)
    consumer.arrive(broker.publish("E_B"))
    consumer.work()
    assert consumer.numbers("E_B") == [1, 2, 3]


def test_numbers_that_were_never_stored_do_not_hide_those_that_took_their_place():
    broker = Broker()
    consumer = started(broker)
    consumer.arrive(broker.publish("E_A", 10))
    # What was behind 5 was not stored; a successor took in others, of which 6 to 12 are gone already.
    successor = Broker(epoch=8)
    successor.next_q["E_A"] = 13
    successor.p = 17
    successor.publish("E_A", 2)
    answer = successor.answer

    def continued(question):
        *parts, end = answer(question)
        asked = question.epoch == 7
        gone = [("E_A", 6, 12)] if question.last is None else []
        return [*parts, replace(end, ended={"E_A": 5} if asked else None, gone=gone)]

    successor.answer = continued
    consumer.line.broker = successor
    consumer.catch_up.wait_for_barrier()
    consumer.live()
    assert consumer.numbers() == [*range(1, 11), 13, 14]
    assert [f for f in consumer.found() if type(f) is Lost] == [Lost("E_A", 7, "after broker", 6, 12)]


def test_who_could_not_begin_now_reads_all_of_the_next_epoch(clock):
    broker, successor = Broker(), Broker(epoch=8)
    consumer = consumer_with(Nobody(broker), broker, Start())
    consumer.live()
    consumer.arrive(broker.publish("E_A"))
    successor.p = 1
    successor.publish("E_A", 2)
    consumer.line = consumer.catch_up._line = Line(successor)
    consumer.catch_up.wait_for_barrier()
    consumer.live()
    assert consumer.numbers() == [1, 1, 2]


def test_what_left_the_history_while_it_was_held_here_is_not_lost():
    broker = Broker(held_max=1)
    consumer = Consumer(broker, "E_A", start=Start(oldest=True))
    consumer.arrive(broker.publish("E_A", 2))
    consumer.live()
    consumer.catch_up.wait_for_barrier()
    for _ in range(3):
        consumer.arrive(broker.publish("E_A", 2))
    consumer.live()
    assert consumer.numbers() == list(range(1, 9))
    assert [f for f in consumer.found() if type(f) is Lost] == []


def test_what_is_gone_is_told_at_once_and_not_asked_for_again():
    broker = Broker(answer_messages=1)
    consumer = started(broker, "E_*")
    consumer.arrive(broker.publish("E_A"))
    answer = broker.answer

    def with_holes(question):
        parts = answer(question)
        return [replace(parts[-1], next={"E_A": 4}, gone=[("E_A", 2, 3)])] if question.to else parts

    broker.answer = with_holes
    broker.publish("E_A", 2)
    consumer.arrive(broker.publish("E_A"))
    consumer.work()
    assert consumer.found()[1] == Lost("E_A", 2, "after broker", 2, 3)
    assert consumer.numbers() == [1, 4]
    assert len([q for q in consumer.line.questions if q.to]) == 1
