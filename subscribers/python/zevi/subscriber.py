"""Reading events."""

from __future__ import annotations

import asyncio
import math
import time
from types import TracebackType
from typing import Any, AsyncIterator, Callable, Iterator, List, Mapping, Optional, Sequence, Type, Union

import zmq

from . import wire
from .catch_up import CatchUp
from .confirmation import Confirmation
from .connection import Connection
from .cursor import Cursor
from .curve import Curve
from .errors import Error
from .event import Event, HistoryMissing, Lost
from .loss_report import LossReport
from .reader import Mark, Reached, Reader, SubscriberStatistics
from .ready import Barrier
from .replay_line import ReplayLine
from .routes import Routes
from .start import Since, parse
from .topics import TopicFilter

_LOOK_ROUND_SECONDS = 0.25  # how often a wait looks whether the connection is still there
_LOOK_AFTER_SECONDS = 0.25  # how often the connection is looked after while messages keep coming
_OVERTIME_SECONDS = 0.1  # for messages that are there when the time is up
_MESSAGES_PER_TURN = 64  # taken before the event loop gets its turn
#: ZeroMQ's mark counts messages. One of `stream` has at most 64 KiB; all but the rarest single events have less than 4 KiB.
_STREAM_MESSAGE_BYTES = wire.MESSAGE_BYTES_MAX
_PLAIN_MESSAGE_BYTES = 4 * 1024


class Subscriber:
    """Reads events, by ``for``, by ``async for`` or by ``receive``. Connects by itself, and again whenever the broker
    comes back. Every event is handed out once, in the order of its topic's numbers; what was missed is fetched from the
    broker's history, and told as lost only if it is not there any more.

    To be used by one thread at a time; not to be used in a child after a fork, which makes its own.

    :param topics: exact names, or prefixes written ``E_CORE_*``; ``*`` is everything.
    :param runtime_dir: where the broker's sockets are, instead of the usual places.
    :param endpoint: an endpoint to use instead of the one in the runtime directory.
    :param plain: read the `events` endpoint, one event a message, instead of `stream`, where events travel in batches.
    :param start: where to begin: ``"now"`` (the default), ``"oldest"`` (everything that the broker still has), or the
        first number wanted of each topic, ``{"E_CORE_LOG": 4711}``; topics not named begin at the oldest.
    :param since: begin at this time instead: a ``datetime``, or how long ago as ``timedelta`` or seconds.
    :param last: begin so many events of each topic back.
    :param cursor: a file that keeps how far this consumer has come, so that it goes on there when it is started again; the
        other ways to begin count only while there is no such file.
    :param confirm: ``"read"``: an event is done with when the next one is asked for, and the cursor is written once a second
        and by ``close``. ``"call"``: only ``confirm()`` writes it.
    :param repair: fetch what was missed; False tells it as lost at once.
    :param replay_endpoint: of the broker's history, if ``endpoint`` is given.
    :param curve_key: the file of this program's secret key, for ``tcp://`` endpoints of a broker that asks for one.
    :param curve_server_key: the broker's public key, or a file that holds it.
    :param timeout: ``for`` and ``async for`` end when nothing came for so many seconds; None for never.
    :param losses: also hand out ``Lost``, ``EpochChanged`` and ``HistoryMissing``, in their place between the events.
    :param on_loss: called with each of these. With neither, ``HistoryMissing`` is raised as an ``Error``, once, if one of
        ``start``, ``since``, ``last`` and ``cursor`` was given.
    :param budget_bytes: how much may wait in this process. When it is full, the newest is lost, and counted.
    :param context: a ZeroMQ context of the caller's, needed for ``inproc://``; None for the process's own.
    """

    def __init__(
        self,
        *topics: str,
        runtime_dir: Optional[str] = None,
        endpoint: Optional[str] = None,
        plain: bool = False,
        start: Union[str, Mapping[str, int], None] = None,
        since: Optional[Since] = None,
        last: Optional[int] = None,
        cursor: Optional[str] = None,
        confirm: str = "read",
        repair: bool = True,
        replay_endpoint: Optional[str] = None,
        curve_key: Optional[str] = None,
        curve_server_key: Optional[str] = None,
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
        if confirm not in ("read", "call"):
            raise Error(f"confirm is {confirm!r}: it is 'read' or 'call'")
        beginning = parse(start, since, last)
        reads_history = cursor is not None or not beginning.is_now
        if reads_history and plain:
            raise Error("plain reads one event a message, without history: leave out plain, or start, since, last and cursor")
        if reads_history and endpoint is not None and replay_endpoint is None:
            raise Error("start, since, last and cursor need the broker's history: give replay_endpoint beside endpoint")
        curve = Curve.read(curve_key, curve_server_key)
        self._timeout = timeout
        self._losses = losses
        self._on_loss = on_loss
        self._reads_history = reads_history
        self._reader = Reader(filters, plain)
        self._confirmation: Optional[Confirmation] = None
        if cursor is not None:
            opened = Cursor(cursor, [f.text for f in filters])
            opened.restore(self._reader.ledger)
            self._confirmation = Confirmation(opened, confirm == "read")
        self._catch_up: Optional[CatchUp] = None
        context = context or zmq.Context.instance()
        if repair and not plain and (endpoint is None or replay_endpoint is not None):
            line = ReplayLine(context, runtime_dir, replay_endpoint, curve)
            self._catch_up = CatchUp(line, self._reader, [f.text for f in filters], beginning, budget_bytes)
        elif reads_history:
            raise Error("start, since, last and cursor need the broker's history: leave out repair=False")
        # Who is given an endpoint does not know where the broker is asked about itself.
        self._loss_report = LossReport(context, runtime_dir) if endpoint is None else None
        socket = context.socket(zmq.SUB)
        socket.sndhwm = 0  # at the mark libzmq drops subscriptions
        socket.rcvhwm = budget_bytes // (_PLAIN_MESSAGE_BYTES if plain else _STREAM_MESSAGE_BYTES)
        for prefix in dict.fromkeys(f.prefix for f in filters):
            socket.subscribe(prefix)
        self._socket = socket
        self._generation = 0
        if self._catch_up is not None:
            self._catch_up.wait_for_barrier()
        try:
            self._connection = Connection(socket, "events" if plain else "stream", runtime_dir, endpoint, curve)
        except Error:
            socket.close(0)
            raise
        self._routes = Routes(filters, self._connection)
        #: Every new connection brings an answer to it.
        self._seam = Barrier(socket, self._routes)
        #: How many publishers had not yet confirmed that they know of the subscription when it went live; None before.
        self.unconfirmed: Optional[int] = None
        self._was_asked = False
        self._look_at = 0.0

    # Waiting until the subscription is live

    def wait_ready(self, timeout: float = 5.0) -> bool:
        """Waits until the subscription is live, at most ``timeout`` seconds: from then on nothing that is published is
        missed unnoticed. Events that arrive meanwhile are kept. False if the time was up, which does no harm: the
        subscription goes live as soon as there is a broker."""
        self._was_asked = True
        end = time.monotonic() + timeout
        barrier = Barrier(self._socket, self._routes)
        try:
            while not self._is_ready(barrier):
                barrier.ask_again_if_due()
                if not self._take_message(barrier):
                    self._wait_readable(min(end, barrier.ask_again_at))
                if time.monotonic() >= end:
                    break
            return self._note_ready(barrier)
        finally:
            barrier.close()

    async def wait_ready_async(self, timeout: float = 5.0) -> bool:
        """``wait_ready`` for asyncio."""
        self._was_asked = True
        end = time.monotonic() + timeout
        barrier = Barrier(self._socket, self._routes)
        try:
            while not self._is_ready(barrier):
                barrier.ask_again_if_due()
                if not self._take_message(barrier):
                    await self._wait_readable_async(min(end, barrier.ask_again_at))
                if time.monotonic() >= end:
                    break
            return self._note_ready(barrier)
        finally:
            if not self._socket.closed:
                barrier.close()

    def _is_ready(self, barrier: Barrier) -> bool:
        return barrier.answer is not None and not (self._catch_up is not None and self._catch_up.is_beginning)

    def _note_ready(self, barrier: Barrier) -> bool:
        self._note_where_it_began()
        if barrier.answer is None:
            return False
        self.unconfirmed = barrier.answer.unconfirmed
        return True

    # Reading

    def receive(self, timeout: Optional[float] = None) -> Union[Event, Mark, None]:
        """The next event (or mark, with ``losses``), or None if none came within ``timeout`` seconds. None waits for
        ever, 0 takes what is there."""
        found = self._next_found()
        end = math.inf if timeout is None or found is not None else time.monotonic() + timeout
        while found is None:
            if not self._take_message():
                if not self._wait_readable(end) and time.monotonic() >= end:
                    return None
            elif time.monotonic() >= end + _OVERTIME_SECONDS:
                return None  # it goes on and on, but nothing is for us
            found = self._next_found()
        return found

    async def receive_async(self, timeout: Optional[float] = None) -> Union[Event, Mark, None]:
        """``receive`` for asyncio."""
        found = self._next_found()
        end = math.inf if timeout is None or found is not None else time.monotonic() + timeout
        taken = 0
        while found is None:
            if self._take_message():
                if time.monotonic() >= end + _OVERTIME_SECONDS:
                    return None
                taken += 1
                if taken % _MESSAGES_PER_TURN == 0:
                    await asyncio.sleep(0)
            elif not await self._wait_readable_async(end) and time.monotonic() >= end:
                return None
            found = self._next_found()
        return found

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

    def confirm(self) -> None:
        """With a cursor: everything handed out so far is done with. Returns when the disk has it; raises ``Error`` if the
        cursor cannot be written."""
        if self._confirmation is None:
            raise Error("there is no cursor to confirm to: give the option cursor")
        self._confirmation.confirm()

    # What there is to know

    @property
    def statistics(self) -> SubscriberStatistics:
        """What has been counted so far."""
        self._reader.statistics.silent_routes = self._routes.silent
        return self._reader.statistics

    @property
    def lost(self) -> int:
        """Events known to be lost so far, before, with and after the broker."""
        counted = self.statistics
        return counted.lost_after_broker + counted.lost_before_broker + counted.lost_with_broker

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
        if self._socket.closed:
            return
        self._connection.close()
        if self._loss_report is not None:
            self._loss_report.close()
        if self._catch_up is not None:
            self._catch_up.close()
        if self._confirmation is not None:
            self._note_where_it_began()
            self._confirmation.close()

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
        """What is to be handed out next."""
        queue, confirmation = self._reader.found, self._confirmation
        if confirmation is not None:
            confirmation.note_asking()
        while queue:
            found = queue.popleft()
            if confirmation is not None:
                confirmation.note(found)
            if type(found) is Event:
                return found
            if not isinstance(found, (Event, Reached)) and self._tell(found):
                return found
        return None

    def _note_where_it_began(self) -> None:
        """A consumer that asked for nothing yet has come that far nevertheless."""
        queue = self._reader.found
        confirmation = self._confirmation
        while confirmation is not None and confirmation.is_idle and queue and isinstance(queue[0], Reached):
            confirmation.note(queue.popleft())

    def _tell(self, mark: Mark) -> bool:
        """Whether it is also handed out."""
        if self._loss_report is not None and type(mark) is Lost:
            self._loss_report.tell(mark)
        if self._on_loss is not None:
            self._on_loss(mark)
        elif type(mark) is HistoryMissing and self._reads_history and not self._losses:
            raise Error(f"{mark}; events before now may be missing")
        return self._losses

    def _take_message(self, barrier: Optional[Barrier] = None) -> bool:
        """Takes one message, or a part of an answer out of the history, if there is one."""
        if time.monotonic() >= self._look_at:
            self._look_after_connection()
        if self._catch_up is None:
            frames = self._receive(barrier)
            if frames:
                self._reader.take(frames)
            return frames is not None
        if self._catch_up.step():
            return True
        frames = self._catch_up.next_held()
        if frames is None:
            frames = None if self._catch_up.is_full else self._receive(barrier)
            if frames and self._catch_up.holding:
                self._catch_up.hold(frames)
                return True
        if frames:
            self._catch_up.take(frames)
        return frames is not None

    def _receive(self, barrier: Optional[Barrier]) -> Optional[List[bytes]]:
        """The next message of events, nothing if there is none, and no frames if it was the answer to a barrier."""
        try:
            frames: List[bytes] = self._socket.recv_multipart(zmq.NOBLOCK)
        except zmq.Again:
            return None
        if barrier is not None and barrier.take(frames):
            return []
        if self._seam.take(frames):
            self._note_answer()
            return []
        return frames

    def _note_answer(self) -> None:
        """Goes on once there is an answer from everywhere."""
        if self._catch_up is None:
            return
        if self._seam.answer is None:
            self._look_after_connection()
            return
        # Its connection may be news, too.
        self._connection.refresh()
        self._generation = self._connection.generation
        self._catch_up.go(self._seam.answer.epoch)

    def _look_after_connection(self) -> None:
        self._look_at = time.monotonic() + _LOOK_AFTER_SECONDS
        self._connection.refresh()
        if self._confirmation is not None:
            self._confirmation.note_asking()
        if self._catch_up is None:
            return
        self._catch_up.is_connected = self._connection.connected
        if self._connection.generation != self._generation:
            if self._generation:
                self._catch_up.wait_for_barrier()
            self._generation = self._connection.generation
        if self._catch_up.waits_for_barrier and self._seam.answer is not None:
            self._seam.expect_again()
        if self._connection.connected:
            had_answer = self._seam.answer is not None
            self._seam.ask_again_if_due()
            if self._seam.answer is not None and not had_answer:
                self._catch_up.go(self._seam.answer.epoch)
            self._catch_up.check_if_quiet()

    def _readable_sockets(self) -> "Sequence[zmq.Socket[bytes]]":
        if self._catch_up is None:
            return [self._socket]
        sockets = [] if self._catch_up.is_full else [self._socket]
        return sockets if self._catch_up.socket is None else [*sockets, self._catch_up.socket]

    def _wait_readable(self, end: float) -> bool:
        """Waits for a message until ``end``, or for a moment, then looks after the connection. False if none came."""
        self._look_after_connection()
        poller = zmq.Poller()
        for socket in self._readable_sockets():
            poller.register(socket, zmq.POLLIN)
        return bool(poller.poll(int(_moment(end) * 1000)))

    async def _wait_readable_async(self, end: float) -> bool:
        self._look_after_connection()
        loop = asyncio.get_running_loop()
        readable: "asyncio.Future[None]" = loop.create_future()
        sockets = self._readable_sockets()
        descriptors = [socket.fileno() for socket in sockets]
        for descriptor in descriptors:
            loop.add_reader(descriptor, lambda: readable.done() or readable.set_result(None))
        try:
            # A descriptor tells of a change only, and whatever is said over a socket may take the news away.
            if any(socket.getsockopt(zmq.EVENTS) & zmq.POLLIN for socket in sockets):
                return True
            await asyncio.wait_for(readable, _moment(end))
            return True
        except asyncio.TimeoutError:
            return False
        finally:
            for descriptor in descriptors:
                loop.remove_reader(descriptor)


def _moment(end: float) -> float:
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
