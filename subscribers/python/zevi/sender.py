"""The thread that talks to the broker for a publisher."""

from __future__ import annotations

import os
import socket as sockets
import threading
import time
from dataclasses import dataclass
from typing import List, Optional

import zmq

from . import wire
from .connection import Connection
from .curve import Curve
from .outbox import Outbox
from .window import ResendWindow

_LOOK_ROUND_SECONDS = 0.25
_HELLO_AGAIN_SECONDS = 1.0
_PACE_US_MAX = 50_000
_BYE_LINGER_MS = 50


@dataclass
class Counts:
    sent: int = 0
    acknowledged: int = 0
    invalid: int = 0
    resent: int = 0


class Sender:
    """Takes events out of the outbox, numbers them in batches, sends them and keeps them until they are acknowledged.
    Owns the socket. Batches are sent only to a broker that has said welcome on this connection, from the lowest one
    that is not acknowledged."""

    def __init__(
        self,
        name: str,
        outbox: Outbox,
        context: "Optional[zmq.Context[zmq.Socket[bytes]]]",
        runtime_dir: Optional[str],
        endpoint: Optional[str],
        window_bytes: int,
        flush_interval: float,
        curve: Optional[Curve] = None,
    ) -> None:
        # Read by other threads.
        self.counts = Counts()
        self.greeted = False
        self.refusal = ""

        self._name = name
        self._outbox = outbox
        self._own_context = context is None
        self._context = context
        self._where = (runtime_dir, endpoint, curve)
        self._flush_interval = flush_interval
        self._pace = 0.0
        self._start_lock = threading.Lock()
        self._thread: Optional[threading.Thread] = None
        self._wake_read: sockets.socket
        self._wake_write: sockets.socket
        self._stop_at: Optional[float] = None  # when the time of close is up

        # The thread's own.
        self._id = wire.random_id()
        self._window_bytes_chosen = window_bytes
        self._window_bytes = window_bytes
        self._window = ResendWindow()
        self._welcome: Optional[wire.Welcome] = None
        self._interest_g = 0
        self._connection_seen = 0
        self._hello_at = 0.0
        self._beat_at = 0.0
        self._released_s = 0
        self._connection: Connection

    # Called by any thread

    def start(self) -> None:
        if self._thread is not None:
            return
        with self._start_lock:
            if self._thread is not None:
                return
            if self._context is None:
                self._context = zmq.Context()
            socket = self._context.socket(zmq.DEALER)
            # Nothing is queued for a connection that is not there: it could not be taken back and would arrive late.
            socket.immediate = True
            try:
                self._connection = Connection(socket, "ingress", *self._where)
            except BaseException:
                socket.close(0)
                raise
            self._wake_read, self._wake_write = sockets.socketpair()
            self._wake_read.setblocking(False)
            self._wake_write.setblocking(False)
            thread = threading.Thread(target=self._run, name="zevi-publisher", daemon=True)
            thread.start()
            self._thread = thread

    def wake(self) -> None:
        """There is something to do. Free of system calls while the thread is awake."""
        if self._outbox.sleeping:
            self._outbox.sleeping = False
            try:
                self._wake_write.send(b"\0")
            except OSError:
                pass  # it has been woken and has not noticed yet, or it has ended

    def flush(self, timeout: float) -> bool:
        end = time.monotonic() + timeout
        outbox = self._outbox
        self.wake()
        with outbox.changed:
            target = outbox.put_count
            if not outbox.changed.wait_for(lambda: outbox.taken_count >= target, timeout):
                return False
            last_s = self._window.next_s - 1
            return outbox.changed.wait_for(lambda: self._released_s >= last_s, max(0.0, end - time.monotonic()))

    def close(self, linger: float) -> bool:
        if self._thread is None:
            return True
        self._stop_at = time.monotonic() + linger
        with self._outbox.changed:
            self._outbox.closed = True
            self._outbox.changed.notify_all()
        self._outbox.sleeping = True  # makes sure that it is woken
        self.wake()
        self._thread.join()
        self._wake_write.close()
        self._wake_read.close()
        return self._outbox.is_empty() and self._released_s == self._window.next_s - 1

    # The thread

    def _run(self) -> None:
        try:
            while not self._is_done():
                self._connection.refresh()
                self._greet()
                self._read_answers()
                took = self._fill_window()
                self._send_batches()
                self._beat_if_due()
                if took and self._stop_at is None:
                    self._collect(max(self._flush_interval, self._pace))
                else:
                    self._sleep()
            self._say_bye()
        finally:
            self.greeted = False
            with self._outbox.changed:
                self._outbox.closed = True
                self._outbox.changed.notify_all()
            self._connection.close(_BYE_LINGER_MS)
            if self._own_context and self._context is not None:
                self._context.term()

    def _collect(self, seconds: float) -> None:
        """A lone event has left by now; what comes in this time travels together. A new interest is taken over at once."""
        end = time.monotonic() + seconds
        while True:
            left = end - time.monotonic()
            if left < 0.001:
                time.sleep(max(0.0, left))
                return
            if self._connection.socket.poll(int(left * 1000)):
                self._read_answers()

    def _is_done(self) -> bool:
        if self._stop_at is None:
            return False
        all_done = self._outbox.is_empty() and self._window.lowest_s == self._window.next_s
        return all_done or time.monotonic() >= self._stop_at

    def _greet(self) -> None:
        """Says hello on a new connection, and again if there was no answer."""
        if not self._connection.connected:
            self.greeted = False
            return
        is_new = self._connection.generation != self._connection_seen
        if is_new:
            self._connection_seen = self._connection.generation
            self.greeted = False
        if is_new or (not self.greeted and time.monotonic() - self._hello_at >= _HELLO_AGAIN_SECONDS):
            self._say_hello()

    def _say_hello(self) -> None:
        self.greeted = False
        self._hello_at = time.monotonic()
        went = self._send(
            [
                wire.encode_hello(
                    self._name,
                    os.getpid(),
                    sockets.gethostname()[:255],
                    self._id,
                    self._window.lowest_s,
                    self._interest_g,
                )
            ]
        )
        if not went:
            self._hello_at -= _HELLO_AGAIN_SECONDS  # in the next round

    def _send(self, frames: List[bytes]) -> bool:
        try:
            self._connection.socket.send_multipart(frames, zmq.NOBLOCK, copy=False)
            return True
        except zmq.Again:
            return False

    def _read_answers(self) -> None:
        while True:
            try:
                frames = self._connection.socket.recv_multipart(zmq.NOBLOCK)
            except zmq.Again:
                return
            try:
                answer = wire.decode_answer(frames[0])
            except wire.WireError:
                continue
            self._take_answer(answer)

    def _take_answer(self, answer: object) -> None:
        if isinstance(answer, wire.Ack):
            self._take_ack(answer)
        elif isinstance(answer, wire.Interest):
            self._interest_g = answer.g
            self._outbox.set_interest(answer)
            self._beat()
        elif isinstance(answer, wire.Welcome):
            self._take_welcome(answer)
        elif isinstance(answer, wire.Reject):
            self._take_reject(answer)
        elif isinstance(answer, wire.Who):
            # A hello that is on its way answers it already.
            if self.greeted or time.monotonic() - self._hello_at >= _HELLO_AGAIN_SECONDS:
                self._say_hello()

    def _take_welcome(self, welcome: wire.Welcome) -> None:
        if self._welcome is not None and welcome.id != self._welcome.id:
            # Another broker has other subscribers: everything is kept until it says what they want.
            self._interest_g = 0
            self._outbox.set_interest(None)
        self._welcome = welcome
        self._window_bytes = min(self._window_bytes_chosen, welcome.window_bytes)
        self._window.rewind()
        self._outbox.forget_telling()
        self.greeted = True
        self._beat_at = 0.0

    def _take_ack(self, ack: wire.Ack) -> None:
        if self._welcome is None:
            return
        self._pace = min(ack.pace_us, _PACE_US_MAX) / 1e6
        released = self._window.release(ack, self._welcome)
        if not released:
            return
        for batch in released:
            if not batch.rejected:
                self.counts.acknowledged += batch.events
        with self._outbox.changed:
            self._released_s = released[-1].s
            self._outbox.changed.notify_all()

    def _take_reject(self, reject: wire.Reject) -> None:
        self.refusal = reject.reason
        batch = self._window.find(reject.s)
        if batch is None or batch.rejected:
            return
        batch.rejected = True
        self.counts.invalid += batch.events
        # It counts as taken in, and so do all before it, which the broker took in in order.
        self._take_ack(wire.Ack(memory=reject.s, written=0, synced=0))

    def _fill_window(self) -> bool:
        """Puts what is waiting into batches while the window has room."""
        took = False
        while not self._outbox.is_empty() and self._window.bytes < self._window_bytes:
            self._outbox.take_batches(self._window_bytes - self._window.bytes, self._window)
            took = True
        return took

    def _send_batches(self) -> None:
        while self.greeted:
            batch = self._window.next_to_send()
            if batch is None or not self._send(batch.frames()):
                return
            self._window.sent()
            if batch.was_sent:
                self.counts.resent += batch.events
            else:
                batch.was_sent = True
                self.counts.sent += batch.events

    def _beat_if_due(self) -> None:
        if self.greeted and time.monotonic() >= self._beat_at:
            self._beat()

    def _beat(self) -> None:
        if not self.greeted:
            return
        # Drops come behind the events before them, or the broker would count them again at the next event.
        drops = {} if self._window.next_to_send() else self._outbox.drops_to_tell()
        if not self._send([wire.encode_beat(self._interest_g, drops)]):
            self._outbox.forget_telling()
        self._beat_at = time.monotonic() + wire.BEAT_SECONDS

    def _say_bye(self) -> None:
        if self.greeted:
            drops = {} if self._window.next_to_send() else self._outbox.drops_to_tell()
            self._send([wire.encode_bye(self._window.next_s - 1, drops)])

    def _sleep(self) -> None:
        """Until something is published, the broker says something, or a beat is due."""
        outbox = self._outbox
        outbox.sleeping = True
        now = time.monotonic()
        wait = _LOOK_ROUND_SECONDS
        if self._stop_at is not None:
            wait = min(wait, self._stop_at - now)
        if self.greeted:
            wait = min(wait, self._beat_at - now)
        has_room = self._window.bytes < self._window_bytes
        if has_room and not outbox.is_empty():
            wait = 0
        poller = zmq.Poller()
        wants_out = self.greeted and self._window.next_to_send() is not None
        poller.register(self._connection.socket, zmq.POLLIN | (zmq.POLLOUT if wants_out else 0))
        poller.register(self._connection.monitor, zmq.POLLIN)
        poller.register(self._wake_read, zmq.POLLIN)
        poller.poll(max(0, int(wait * 1000 + 0.999)))
        outbox.sleeping = False
        try:
            self._wake_read.recv(4096)
        except BlockingIOError:
            pass
