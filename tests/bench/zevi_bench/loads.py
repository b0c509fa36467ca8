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

    def lasting(self, seconds: float) -> Load:
        return replace(self, seconds=seconds)


single = Load("single", "1 publisher, 1 subscriber, as fast as it goes")
fan = Load("fan", "8 publishers, 4 subscribers, as fast as it goes", publishers=8, subscribers=4)
#: A worker that handles 500 messages a second with ten events each is what this has 64 of.
many = Load("many", "64 publishers of 5,000/s, 2 subscribers", publishers=64, subscribers=2, rate=5000, tick_us=2000)
calm = Load("calm", "1 publisher of 1,000/s, 1 subscriber", rate=1000, tick_us=1000, sample_every=1)
#: The sampling has no divisor in common with the ten events of a tick, so that all of these have their turn.
busy = Load("busy", "1 publisher of 100,000/s, 1 subscriber", rate=100_000, sample_every=7)


def _spread(topics: int) -> Load:
    """Of each publisher's topics the first is the same one."""
    total = 10 * (topics - 1) + 1
    return Load(f"topics-{total}", f"{total:,}", publishers=10, rate=10_000, tick_us=1000, topics=topics)


def _fan_out(subscribers: int, bystanders: int = 0) -> Load:
    name = f"bystanders-{bystanders}" if bystanders else f"subscribers-{subscribers}"
    title = f"{subscribers:,}" + (f", and {bystanders} of another topic" if bystanders else "")
    return Load(name, title, subscribers=subscribers, bystanders=bystanders, rate=20_000, tick_us=1000)


#: The cost of an event should not grow with the number of topics ...
topics: Tuple[Load, ...] = tuple(_spread(topics) for topics in (1, 2, 11, 101, 1001))
#: ... and only with the subscribers that get it.
fans: Tuple[Load, ...] = (_fan_out(1), _fan_out(1, bystanders=100), _fan_out(10), _fan_out(100))
