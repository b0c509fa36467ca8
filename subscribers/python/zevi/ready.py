"""Knowing when subscriptions are live, without sleeping."""

from __future__ import annotations

import math
import os
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Dict, List, Optional

import zmq

from .topics import READY_PREFIX
from .wire import ReadyMeta, WireError, decode_ready

if TYPE_CHECKING:
    from .routes import Routes

#: A barrier that was not answered is asked for again after this time: the broker may have been restarted.
ASK_AGAIN_SECONDS = 1.0
_ASKED_MAX = 64


def barrier_topic() -> str:
    return READY_PREFIX + os.urandom(8).hex()


class Barrier:
    """One question to the broker: are the subscriptions that were made before it live? It is asked again from time to
    time until ``answer`` is there. The answer to an earlier asking counts as well: behind a long queue it comes first.
    With ``routes``, those have to answer too; one that does not within a second is waited for no longer.
    """

    def __init__(self, socket: "zmq.Socket[bytes]", routes: "Optional[Routes]" = None) -> None:
        self._socket = socket
        self._routes = routes
        self._answers: Dict[Optional[str], ReadyMeta] = {}  # by route; None: the main endpoint's
        self.answer: Optional[ReadyMeta] = None
        self._asked: List[bytes] = []
        self.ask_again_at = 0.0
        self._ask()

    def _ask(self) -> None:
        self._asked.append(barrier_topic().encode())
        self._socket.subscribe(self._asked[-1])
        if len(self._asked) > _ASKED_MAX:
            self._socket.unsubscribe(self._asked.pop(0))
        self.ask_again_at = time.monotonic() + ASK_AGAIN_SECONDS

    def ask_again_if_due(self) -> None:
        if self.answer is not None or time.monotonic() < self.ask_again_at:
            return
        self._ask()
        if self._routes is not None:
            self._routes.give_up(self._answers)
            self.answer = self._routes.complete(self._answers)

    def expect_again(self) -> None:
        """There is a new connection, which brings the question along; over the others it is asked anew."""
        self.answer = None
        self.ask_again_at = time.monotonic() + ASK_AGAIN_SECONDS
        if self._routes is not None and self._routes.are_there:
            self._answers.clear()
            self._ask()

    def take(self, frames: List[bytes]) -> bool:
        """True if this message is the answer, which is then not for anybody else."""
        if frames[0] not in self._asked or len(frames) != 3:
            return False
        try:
            ready = decode_ready(frames[2])
        except WireError:
            return False
        self._answers[ready.route] = ready
        if self._routes is None:
            self.answer = ready
        else:
            if ready.route is None:
                self._routes.follow(ready)
            self.answer = self._routes.complete(self._answers)
        self.ask_again_at = time.monotonic() + ASK_AGAIN_SECONDS if self.answer is None else math.inf
        return True

    def close(self) -> None:
        for topic in self._asked:
            self._socket.unsubscribe(topic)
        self._asked.clear()


@dataclass
class Ready:
    """What ``wait_ready`` found; true if the subscriptions are live."""

    live: bool
    #: How many publishers had not yet said that they know of the subscriptions; they may for a moment still leave out
    #: events that nobody wanted before.
    unconfirmed: int = 0
    #: Messages that arrived meanwhile, as ``recv_multipart`` gives them: handle them before you read on.
    messages: List[List[bytes]] = field(default_factory=list)

    def __bool__(self) -> bool:
        return self.live


def wait_ready(socket: "zmq.Socket[bytes]", timeout: float = 5.0) -> Ready:
    """For a SUB socket of your own that is connected to the broker's ``events`` or ``stream`` endpoint: waits until all
    subscriptions made so far are live, at most ``timeout`` seconds. From then on nothing that is published is missed
    unnoticed. Set the socket's SNDHWM to 0 before connecting: at the mark, libzmq drops subscriptions."""
    if not isinstance(socket, zmq.Socket) or hasattr(socket, "_shadow_sock"):
        raise TypeError("wait_ready takes a plain zmq.Socket; for asyncio use zevi.Subscriber")
    end = time.monotonic() + timeout
    ready = Ready(False)
    barrier = Barrier(socket)
    while True:
        left = min(end, barrier.ask_again_at) - time.monotonic()
        if socket.poll(max(0, int(left * 1000) + 1)):
            frames = socket.recv_multipart()
            if not barrier.take(frames):
                ready.messages.append(frames)
        if barrier.answer is not None:
            barrier.close()
            ready.live = True
            ready.unconfirmed = barrier.answer.unconfirmed
            return ready
        if time.monotonic() >= end:
            barrier.close()
            return ready
        barrier.ask_again_if_due()
