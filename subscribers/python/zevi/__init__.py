"""Events of worker processes, read from and published to a Zevi broker.

Read::

    import zevi

    for event in zevi.subscribe("E_CORE_LOG", "E_PROFILING_*"):
        print(event.topic, event["message"])

Publish::

    with zevi.Publisher(name="backup") as publisher:
        publisher.publish("E_BACKUP_DONE", {"files": 1204, "seconds": 3.5})

Both find the broker by themselves: ``runtime_dir``, else ``$ZEVI_RUNTIME_DIR``, else ``/run/zevi`` if it exists, else
``$XDG_RUNTIME_DIR/zevi``. Both may be made before there is a broker and connect again whenever it comes back.
"""

from .errors import Error
from .event import EpochChanged, Event, HistoryMissing, Lost
from .publisher import Publisher, PublisherStatistics
from .ready import Ready, wait_ready
from .subscriber import Subscriber, SubscriberStatistics, subscribe

__version__ = "0.1.0"

__all__ = [
    "EpochChanged",
    "Error",
    "Event",
    "HistoryMissing",
    "Lost",
    "Publisher",
    "PublisherStatistics",
    "Ready",
    "Subscriber",
    "SubscriberStatistics",
    "subscribe",
    "wait_ready",
]
