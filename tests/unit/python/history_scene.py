"""A broker's history, a line to it and a consumer, without sockets."""

from zevi import wire
from zevi.catch_up import CatchUp
from zevi.errors import Error
from zevi.event import Event
from zevi.reader import Reached, Reader
from zevi.replay_wire import End
from zevi.start import Start
from zevi.topics import TopicFilter


class Broker:
    """Numbers events, remembers the latest messages of each topic, answers questions like the real one."""

    def __init__(self, held_max=1000, epoch=7, answer_messages=3):
        self.epoch = epoch
        self.held_max = held_max
        self.answer_messages = answer_messages
        self.next_q = {}
        self.stored = {}  # topic -> [(q, n, frames)]
        self.p = 0

    def publish(self, topic, n=1):
        q = self.next_q.get(topic, 1)
        runs = [[9, "worker", 1, self.p + 1, n, "host", ""]]
        self.p += n
        header = {"v": 1, "b": self.epoch, "q": q, "n": n, "at": self.p, "l": 0, "r": runs}
        body = wire.pack([[1, {"q": q + i}] for i in range(n)])
        frames = [topic.encode(), wire.pack(header), body]
        self.next_q[topic] = q + n
        held = self.stored.setdefault(topic, [])
        held.append((q, n, frames))
        del held[: -self.held_max]
        return frames

    def answer(self, question):
        """All parts of an answer."""
        filters = [TopicFilter.parse(topic) for topic in question.topics]
        topics = [t for t in self.stored if any(f.matches(t) for f in filters)]
        if question.last == 0:
            return [End(self.epoch, {t: self.next_q[t] for t in topics}, False)]
        from_ = dict(question.from_ or {}) if question.epoch in (0, self.epoch) else {}
        parts, next_ = [], {}
        for topic in topics:
            to = question.to.get(topic, self.next_q[topic] - 1)
            due = [
                (q, n, frames) for q, n, frames in self.stored[topic]
                if q + n > from_.get(topic, 1) and q <= to and (question.since_ns is None or q >= 0)
            ]  # fmt: skip
            taken = due[: self.answer_messages]
            parts += [frames for _, _, frames in taken]
            next_[topic] = to + 1 if len(taken) == len(due) else taken[-1][0] + taken[-1][1]
        more = any(next_[t] < question.to.get(t, self.next_q[t] - 1) + 1 for t in topics)
        return [*parts, End(self.epoch, next_, more)]


class Line:
    """To the broker's history, without a socket."""

    def __init__(self, broker):
        self.broker = broker
        self.parts = []
        self.questions = []
        self.socket = None

    def ask(self, question):
        self.socket = self
        self.questions.append(question)
        self.parts = self.broker.answer(question)

    def receive(self):
        return self.parts.pop(0) if self.parts else None

    def hang_up(self):
        self.socket = None
        self.parts = []


class Consumer:
    """What a subscriber does with its socket's messages."""

    def __init__(self, broker, *topics, start=Start(), budget_bytes=1 << 20):
        filters = [TopicFilter.parse(topic) for topic in topics]
        self.line = Line(broker)
        self.reader = Reader(filters, plain=False)
        self.catch_up = CatchUp(self.line, self.reader, [f.text for f in filters], start, budget_bytes)
        self.catch_up.wait_for_barrier()

    def arrive(self, frames):
        if self.catch_up.is_full:
            return
        if self.catch_up.holding:
            self.catch_up.hold(frames)
        else:
            self.catch_up.take(frames)

    def work(self, steps=1_000_000):
        for _ in range(steps):
            if self.catch_up.step():
                continue
            frames = self.catch_up.next_held()
            if frames is None:
                return
            self.catch_up.take(frames)

    def live(self):
        self.catch_up.go(self.line.broker.epoch)
        self.work()

    def found(self):
        """Without what is for a cursor."""
        return [found for found in self.reader.found if type(found) is not Reached]

    def numbers(self, topic="E_A"):
        return [f.q for f in self.found() if type(f) is Event and f.topic == topic]


def started(broker, *topics, start=Start()):
    consumer = Consumer(broker, *(topics or ["E_A"]), start=start)
    consumer.live()
    return consumer


class Clock:
    """In the place of `time`, for who keeps asking."""

    def __init__(self):
        self.now = 1000.0

    def monotonic(self):
        return self.now


def wait(consumer, clock, seconds):
    for _ in range(int(seconds * 10)):
        clock.now += 0.1
        consumer.work()


class Silent(Line):
    """A line to a broker that is stopped: questions wait."""

    def receive(self):
        return None


class Nobody(Line):
    def ask(self, question):
        raise Error("there is no replay")


def consumer_with(line, broker, start):
    consumer = Consumer(broker, "E_A", start=start)
    consumer.line = consumer.catch_up._line = line
    return consumer
