"""What the brokers are made to carry."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Tuple


@dataclass(frozen=True)
class Load:
    name: str
    #: In words, for the table.
    title: str
    publishers: int = 1
    subscribers: int = 1
    #: Events a second of each publisher; 0 is as fast as it goes.
    rate: float = 0
    #: How often a publisher with a rate publishes what is due.
    tick_us: float = 100
    #: How many topics the events of a publisher go to in turn.
    topics: int = 1
    #: Subscribers of another topic.
    bystanders: int = 0
    seconds: float = 3
    #: A subscriber looks at the age of one event in this many.
    sample_every: int = 64

    @property
    def is_paced(self) -> bool:
        return self.rate > 0

    def lasting(self, seconds: float) -> Load:
        return replace(self, seconds=seconds)


#: A worker that handles 500 messages a second with ten events each is what `many` has 64 of.
loads: Tuple[Load, ...] = (
    Load("single", "1 publisher, 1 subscriber, as fast as it goes"),
    Load("fan", "8 publishers, 4 subscribers, as fast as it goes", publishers=8, subscribers=4),
    Load("many", "64 publishers of 5,000/s, 2 subscribers", publishers=64, subscribers=2, rate=5000, tick_us=2000),
    Load("calm", "1 publisher of 1,000/s, 1 subscriber", rate=1000, tick_us=1000, sample_every=1),
    Load("busy", "1 publisher of 100,000/s, 1 subscriber", rate=100_000, sample_every=8),
    Load("million", "1 publisher of 1,000,000/s, 1 subscriber", rate=1_000_000),
)


def _spread(topics: int) -> Load:
    """Of each publisher's topics the first is the same one."""
    total = 10 * (topics - 1) + 1
    title = f"100,000/s of 10 publishers, spread over {total:,} topics"
    return Load(f"topics-{total}", title, publishers=10, rate=10_000, tick_us=1000, topics=topics)


def _fan_out(subscribers: int) -> Load:
    title = f"20,000/s of 1 publisher, {subscribers} subscribers"
    return Load(f"subscribers-{subscribers}", title, subscribers=subscribers, rate=20_000, tick_us=1000)


#: How the cost of an event grows. It should not with the number of topics, and only with the subscribers that get it.
scale_loads: Tuple[Load, ...] = (
    *(_spread(topics) for topics in (1, 11, 101, 1000)),
    *(_fan_out(subscribers) for subscribers in (1, 10, 100)),
    Load("bystanders-100", "20,000/s of 1 publisher, 1 subscriber, 100 of another topic", rate=20_000, tick_us=1000,
         bystanders=100),
)


def load_named(name: str) -> Load:
    return next(load for load in (*loads, *scale_loads) if load.name == name)
