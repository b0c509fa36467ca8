"""Publishing events."""

from __future__ import annotations

import atexit
import os
import sys
import time
from dataclasses import dataclass
from types import TracebackType
from typing import Any, List, Mapping, Optional, Set, Type

import zmq

from . import wire
from .curve import Curve
from .errors import Error
from .outbox import Outbox, TopicState
from .sender import Sender
from .topics import RESERVED_PREFIX, TOPIC_BYTES_MAX, is_topic


@dataclass
class PublisherStatistics:
    """What became of this process's events; a child counts from its own start.

    published = waiting + sent; sent = acknowledged + invalid + waiting for the broker.
    """

    published: int  #: taken in by ``publish``
    sent: int  #: handed to the socket, each counted once
    acknowledged: int  #: taken in by the broker
    invalid: int  #: refused by the broker
    resent: int  #: handed to the socket again after a reconnect
    dropped: int  #: lost for want of room, or too large; subscribers see the number
    suppressed: int  #: wanted by nobody
    connected: bool  #: whether the broker knows this publisher


class Publisher:
    """Publishes events from any thread of a process. ``publish`` hands an event to a thread of the publisher, which
    sends it and keeps it until the broker has it; the caller is never held up by the broker or by its absence.

    After a fork the child's publishing goes on under an identity of its own; what the parent had published is the
    parent's to send. A child that ends by ``os._exit`` (as those of ``multiprocessing`` do) closes or flushes first, or
    loses what has not been sent.

    :param name: name of the program as subscribers see it; by default that of the script.
    :param runtime_dir: where the broker's sockets are, instead of the usual places.
    :param endpoint: an endpoint to use instead of the one in the runtime directory.
    :param curve_key: the file of this program's secret key, for a ``tcp://`` endpoint of a broker that asks for one.
    :param curve_server_key: the broker's public key, or a file that holds it.
    :param full: what happens when ``queue_bytes`` are waiting: ``"drop"`` drops the newest event and counts it,
        ``"wait"`` first waits up to ``wait_max`` seconds for room.
    :param flush_interval: for how many seconds events are collected after the first of a burst.
    :param context: a ZeroMQ context of the caller's, needed for ``inproc://``. A child always makes its own.
    """

    def __init__(
        self,
        name: Optional[str] = None,
        runtime_dir: Optional[str] = None,
        endpoint: Optional[str] = None,
        full: str = "drop",
        wait_max: float = 1.0,
        queue_bytes: int = wire.WINDOW_BYTES,
        window_bytes: int = wire.WINDOW_BYTES,
        flush_interval: float = 0.0005,
        context: "Optional[zmq.Context[zmq.Socket[bytes]]]" = None,
        curve_key: Optional[str] = None,
        curve_server_key: Optional[str] = None,
    ) -> None:
        if full not in ("drop", "wait"):
            raise Error(f"full is {full!r}: use 'drop' or 'wait'")
        if queue_bytes < wire.EVENT_BYTES_MAX * 2:
            raise Error(f"queue_bytes is {queue_bytes}: it must be at least {wire.EVENT_BYTES_MAX * 2}")
        source = os.path.basename(sys.argv[0] if sys.argv and sys.argv[0] else "") or "python"
        source = source if name is None else name
        if len(source.encode(errors="replace")) > 255:
            raise Error("the name has more than 255 bytes")
        self._name = source.encode(errors="replace").decode()
        self._queue_bytes = queue_bytes
        self._wait_max = wait_max if full == "wait" else 0.0
        self._sender_options = (runtime_dir, endpoint, window_bytes, flush_interval, Curve.read(curve_key, curve_server_key))
        self._context = context
        self._closed = False
        self._begin()
        self._sender.start()  # at once, so that an endpoint that cannot be used is told here
        _publishers.add(self)

    def _begin(self) -> None:
        """A new identity, with nothing published."""
        self._pid = os.getpid()
        self._outbox = Outbox(self._queue_bytes, self._wait_max)
        self._sender = Sender(self._name, self._outbox, self._context, *self._sender_options)

    def _continue_in_child(self) -> None:
        # The parent's sockets and threads are not ours; touching them, even to free them, could disturb the parent.
        _forgotten.append((self._sender, self._outbox, self._context))
        self._context = None
        if not self._closed:
            self._begin()

    # Publishing

    def publish(self, topic: str, params: Optional[Mapping[Any, Any]] = None, time_ns: Optional[int] = None) -> bool:
        """Publishes one event. ``params`` maps names to None, bool, int (64 bits), float, str, bytes, and lists and
        dicts of those; str that is not UTF-8 (with surrogates) is sent as bytes. ``time_ns`` is nanoseconds since
        1970, by default now.

        True if the event was taken in. False if it was not: nobody wants it (counted as suppressed), or there was no
        room or it is above 64 KiB (counted as dropped, and subscribers are told). Raises ``TypeError`` or ``ValueError``
        for parameters that an event cannot hold and ``zevi.Error`` for a topic that cannot be used.
        """
        state = self._topic(topic)
        if not state.wanted:
            self._outbox.suppress()
            return False
        packed = wire.pack_params(params or {})
        if time_ns is None:
            time_ns = time.time_ns()
        elif not -(1 << 63) <= time_ns < 1 << 63:
            raise ValueError("time_ns has more than 64 bits")
        if len(packed) > wire.EVENT_BYTES_MAX:
            self._outbox.drop(state)
            return False
        if not self._outbox.put(state, wire.encode_entry(time_ns, packed)):
            return False
        self._sender.wake()
        return True

    def enabled(self, topic: str) -> bool:
        """Whether somebody wants this topic's events, or the broker has not said yet. To skip work that is done for the
        event alone; publishing without asking is just as right."""
        return self._topic(topic).wanted

    def flush(self, timeout: float = 5.0) -> bool:
        """Waits until all that was published before the call has been acknowledged by the broker (or refused), at most
        ``timeout`` seconds. False if something is left."""
        if self._closed:
            return True
        self._sender.start()
        return self._sender.flush(timeout)

    @property
    def statistics(self) -> PublisherStatistics:
        """What became of the events so far."""
        counts = self._sender.counts
        return PublisherStatistics(
            published=self._outbox.put_count,
            sent=counts.sent,
            acknowledged=counts.acknowledged,
            invalid=counts.invalid,
            resent=counts.resent,
            dropped=self._outbox.dropped_count,
            suppressed=self._outbox.suppressed_count,
            connected=self._sender.greeted,
        )

    @property
    def connected(self) -> bool:
        """Whether the broker knows this publisher."""
        return self._sender.greeted

    @property
    def refusal(self) -> str:
        """Why the broker refused something last, in its words; empty if it never did."""
        return self._sender.refusal

    def _topic(self, name: str) -> TopicState:
        if self._closed:
            raise Error("the publisher is closed")
        if self._pid != os.getpid():  # a fork that Python was not told of
            self._continue_in_child()
        self._sender.start()
        state = self._outbox.known(name)
        if state is not None:
            return state
        if not isinstance(name, str) or not is_topic(name):
            raise Error(f"{name!r} is no topic: use 1 to {TOPIC_BYTES_MAX} of A-Z a-z 0-9 _ . -")
        if name.startswith(RESERVED_PREFIX):
            raise Error(f"{name!r}: topics that begin with {RESERVED_PREFIX} are the broker's own")
        state = self._outbox.topic(name)
        if state is None:
            raise Error(f"more than {wire.PUBLISHER_TOPICS_MAX} topics in one publisher")
        return state

    # Its end

    def close(self, linger: float = 0.1) -> bool:
        """Flushes for at most ``linger`` seconds, says goodbye to the broker and ends the thread. False if something
        was left. May be called twice."""
        if self._closed:
            return True
        self._closed = True
        _publishers.discard(self)
        return self._sender.close(linger)

    def __enter__(self) -> "Publisher":
        return self

    def __exit__(
        self, kind: Optional[Type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        self.close()


_publishers: Set[Publisher] = set()
_forgotten: List[Any] = []


def _continue_in_child() -> None:
    for publisher in list(_publishers):
        publisher._continue_in_child()


def _close_at_exit() -> None:
    for publisher in list(_publishers):
        publisher.close()


os.register_at_fork(after_in_child=_continue_in_child)
atexit.register(_close_at_exit)
