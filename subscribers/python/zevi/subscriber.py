"""Reading events."""

from __future__ import annotations

import asyncio
import time
from types import TracebackType
from typing import Any, AsyncIterator, Callable, Iterator, List, Optional, Type, Union

import zmq

from . import wire
from .connection import Connection
from .errors import Error
from .event import EpochChanged, Event, Lost
from .reader import Mark, Reader, SubscriberStatistics, is_event
from .ready import Barrier
from .topics import TopicFilter

_LOOK_ROUND_SECONDS = 0.25  # how often a wait looks whether the connection is still there
_MESSAGES_PER_TURN = 64  # taken before the event loop gets its turn
#: ZeroMQ's mark counts messages. One of `stream` has at most 64 KiB; all but the rarest single events have less than 4 KiB.
_STREAM_MESSAGE_BYTES = wire.MESSAGE_BYTES_MAX
_PLAIN_MESSAGE_BYTES = 4 * 1024


class Subscriber:
    """Reads events, by ``for``, by ``async for`` or by ``receive``. Connects by itself, and again whenever the broker
    comes back. Every event is handed out once, in the order of its topic's numbers.

    To be used by one thread at a time; not to be used in a child after a fork, which makes its own.

    :param topics: exact names, or prefixes written ``E_CORE_*``; ``*`` is everything.
    :param runtime_dir: where the broker's sockets are, instead of the usual places.
    :param endpoint: an endpoint to use instead of the one in the runtime directory.
    :param plain: read the `events` endpoint, one event a message, instead of `stream`, where events travel in batches.
    :param timeout: ``for`` and ``async for`` end when nothing came for so many seconds; None for never.
    :param losses: also hand out ``Lost`` and ``EpochChanged``, in their place between the events.
    :param on_loss: called with each ``Lost`` and ``EpochChanged`` as it is noticed.
    :param budget_bytes: how much may wait in this process. When it is full, the newest is lost, and counted.
    :param context: a ZeroMQ context of the caller's, needed for ``inproc://``; None for the process's own.
    """

    def __init__(
        self,
        *topics: str,
        runtime_dir: Optional[str] = None,
        endpoint: Optional[str] = None,
        plain: bool = False,
        timeout: Optional[float] = None,
        losses: bool = False,
        on_loss: Optional[Callable[[Mark], Any]] = None,
        budget_bytes: int = wire.SUBSCRIBER_BUDGET_BYTES,
        context: "Optional[zmq.Context[zmq.Socket[bytes]]]" = None,
    ) -> None:
        if not topics:
            raise Error("no topic: give one, or '*' for everything")
        if budget_bytes < 1024 * 1024:
            raise Error(f"budget_bytes is {budget_bytes}: it must be at least 1 MiB")
        filters = [TopicFilter.parse(topic) for topic in topics]
        self._timeout = timeout
        self._losses = losses
        self._on_loss = on_loss
        self._reader = Reader(filters, plain)
        socket = (context or zmq.Context.instance()).socket(zmq.SUB)
        socket.sndhwm = 0  # at the mark libzmq drops subscriptions
        socket.rcvhwm = budget_bytes // (_PLAIN_MESSAGE_BYTES if plain else _STREAM_MESSAGE_BYTES)
        for prefix in dict.fromkeys(f.prefix for f in filters):
            socket.subscribe(prefix)
        self._socket = socket
        try:
            self._connection = Connection(socket, "events" if plain else "stream", runtime_dir, endpoint)
        except Error:
            socket.close(0)
            raise
        #: How many publishers had not yet confirmed that they know of the subscription when it went live; None before.
        self.unconfirmed: Optional[int] = None
        self._was_asked = False

    # Waiting until the subscription is live

    def wait_ready(self, timeout: float = 5.0) -> bool:
        """Waits until the subscription is live, at most ``timeout`` seconds: from then on nothing that is published is
        missed unnoticed. Events that arrive meanwhile are kept. False if the time was up, which does no harm: the
        subscription goes live as soon as there is a broker."""
        self._was_asked = True
        end = time.monotonic() + timeout
        barrier = Barrier(self._socket)
        try:
            while barrier.answer is None:
                barrier.ask_again_if_due()
                if not self._take_message(barrier):
                    self._wait_readable(min(end, barrier.ask_again_at))
                if barrier.answer is None and time.monotonic() >= end:
                    return False
            self.unconfirmed = barrier.answer.unconfirmed
            return True
        finally:
            barrier.close()

    async def wait_ready_async(self, timeout: float = 5.0) -> bool:
        """``wait_ready`` for asyncio."""
        self._was_asked = True
        end = time.monotonic() + timeout
        barrier = Barrier(self._socket)
        try:
            while barrier.answer is None:
                barrier.ask_again_if_due()
                if not self._take_message(barrier):
                    await self._wait_readable_async(min(end, barrier.ask_again_at))
                if barrier.answer is None and time.monotonic() >= end:
                    return False
            self.unconfirmed = barrier.answer.unconfirmed
            return True
        finally:
            if not self._socket.closed:
                barrier.close()

    # Reading

    def receive(self, timeout: Optional[float] = None) -> Union[Event, Mark, None]:
        """The next event (or mark, with ``losses``), or None if none came within ``timeout`` seconds. None waits for
        ever, 0 takes what is there."""
        end = None if timeout is None else time.monotonic() + timeout
        while True:
            found = self._next_found()
            if found is not None:
                return found
            if not self._take_message() and not self._wait_readable(end):
                if end is not None and time.monotonic() >= end:
                    return None

    async def receive_async(self, timeout: Optional[float] = None) -> Union[Event, Mark, None]:
        """``receive`` for asyncio."""
        end = None if timeout is None else time.monotonic() + timeout
        taken = 0
        while True:
            found = self._next_found()
            if found is not None:
                return found
            if self._take_message():
                taken += 1
                if taken % _MESSAGES_PER_TURN == 0:
                    await asyncio.sleep(0)
            elif not await self._wait_readable_async(end):
                if end is not None and time.monotonic() >= end:
                    return None

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        found = self.receive(self._timeout)
        if found is None:
            raise StopIteration
        return found

    def __aiter__(self) -> AsyncIterator[Any]:
        return self

    async def __anext__(self) -> Any:
        if not self._was_asked:
            await self.wait_ready_async(self._timeout if self._timeout is not None else 5.0)
        found = await self.receive_async(self._timeout)
        if found is None:
            raise StopAsyncIteration
        return found

    # What there is to know

    @property
    def statistics(self) -> SubscriberStatistics:
        """What has been counted so far."""
        return self._reader.statistics

    @property
    def lost(self) -> int:
        """Events known to be lost so far, on both sides of the broker."""
        return self.statistics.lost_after_broker + self.statistics.lost_before_broker

    @property
    def connected(self) -> bool:
        """Whether there is a connection to a broker."""
        self._connection.refresh()
        return self._connection.connected

    @property
    def endpoint(self) -> str:
        """Where it is connected, or tries to."""
        return self._connection.endpoint

    # Its end

    def close(self) -> None:
        """Gives the socket back. May be called twice."""
        if not self._socket.closed:
            self._connection.close()

    def __enter__(self) -> "Subscriber":
        return self

    def __exit__(
        self, kind: Optional[Type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        self.close()

    async def __aenter__(self) -> "Subscriber":
        if not self._was_asked:
            await self.wait_ready_async()
        return self

    async def __aexit__(
        self, kind: Optional[Type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        self.close()

    # The socket

    def _next_found(self) -> Union[Event, Mark, None]:
        queue = self._reader.found
        while queue:
            found = queue.popleft()
            if is_event(found):
                return found
            assert isinstance(found, (Lost, EpochChanged))
            if self._on_loss is not None:
                self._on_loss(found)
            if self._losses:
                return found
        return None

    def _take_message(self, barrier: Optional[Barrier] = None) -> bool:
        """Reads one message if there is one."""
        try:
            frames: List[bytes] = self._socket.recv_multipart(zmq.NOBLOCK)
        except zmq.Again:
            return False
        if barrier is None or not barrier.take(frames):
            self._reader.take(frames)
        return True

    def _wait_readable(self, end: Optional[float]) -> bool:
        """Waits for a message until ``end``, or for a moment, then looks after the connection. False if none came."""
        self._connection.refresh()
        return bool(self._socket.poll(int(_moment(end) * 1000)))

    async def _wait_readable_async(self, end: Optional[float]) -> bool:
        self._connection.refresh()
        # The descriptor tells of a change only, which is right here: the socket was found empty just before.
        loop = asyncio.get_running_loop()
        readable: "asyncio.Future[None]" = loop.create_future()
        descriptor = self._socket.fileno()
        loop.add_reader(descriptor, lambda: readable.done() or readable.set_result(None))
        try:
            await asyncio.wait_for(readable, _moment(end))
            return True
        except asyncio.TimeoutError:
            return False
        finally:
            loop.remove_reader(descriptor)


def _moment(end: Optional[float]) -> float:
    if end is None:
        return _LOOK_ROUND_SECONDS
    return min(_LOOK_ROUND_SECONDS, max(0.0, end - time.monotonic() + 0.001))


def subscribe(*topics: str, ready_timeout: float = 5.0, **options: Any) -> Subscriber:
    """A subscriber whose subscription is live: what is published after this call arrives.

    ::

        for event in zevi.subscribe("E_CORE_LOG"):
            print(event["message"])

    Takes the options of ``Subscriber``. If there is no broker within ``ready_timeout`` seconds it returns all the same,
    with ``unconfirmed`` None, and reads as soon as there is one. Called where an asyncio loop runs it does not wait;
    ``async for`` and ``async with`` then do.
    """
    subscriber = Subscriber(*topics, **options)
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        try:
            subscriber.wait_ready(ready_timeout)
        except BaseException:
            subscriber.close()
            raise
    return subscriber
