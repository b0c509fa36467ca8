"""Endpoints that have some topics to themselves, which the broker names as it answers a barrier."""

from __future__ import annotations

from typing import Dict, List, Optional, Sequence, Set

from .connection import Connection
from .topics import TopicFilter
from .wire import ReadyMeta

#: Over these, whoever reaches the main endpoint reaches the routes by the names that the broker has for them.
_LOCAL = ("ipc:", "inproc:")


class Routes:
    """The routes that may bring something for the filters, beside the main endpoint of a connection."""

    def __init__(self, filters: Sequence[TopicFilter], connection: Connection) -> None:
        self._filters = filters
        self._connection = connection
        self._awaited: List[str] = []  # prefixes
        self._given_up: Set[str] = set()

    @property
    def are_there(self) -> bool:
        return bool(self._awaited)

    @property
    def silent(self) -> int:
        """How many are waited for no longer, since they did not answer."""
        return len(self._given_up)

    def follow(self, ready: ReadyMeta) -> None:
        """Connects to those that the main endpoint names now, and leaves others."""
        found = {prefix: endpoint for prefix, endpoint in ready.routes if self._is_for_us(prefix, endpoint)}
        self._connection.follow_routes(list(found.values()))
        self._given_up.intersection_update(found)
        self._awaited = list(found)

    def complete(self, answers: Dict[Optional[str], ReadyMeta]) -> Optional[ReadyMeta]:
        """One answer made of those of the main endpoint (None) and of the routes; None while one is missing."""
        main = answers.get(None)
        if main is None:
            return None
        unconfirmed = main.unconfirmed
        for prefix in self._awaited:
            if self._has_answered(prefix, answers):
                self._given_up.discard(prefix)
                unconfirmed = max(unconfirmed, answers[prefix].unconfirmed)
            elif prefix not in self._given_up:
                return None
        return ReadyMeta(main.epoch, main.at, unconfirmed)

    def give_up(self, answers: Dict[Optional[str], ReadyMeta]) -> None:
        """Those that have not answered are waited for no longer."""
        self._given_up.update(prefix for prefix in self._awaited if not self._has_answered(prefix, answers))

    def _has_answered(self, prefix: str, answers: Dict[Optional[str], ReadyMeta]) -> bool:
        main, own = answers.get(None), answers.get(prefix)
        return main is not None and own is not None and own.epoch == main.epoch

    def _is_for_us(self, prefix: str, endpoint: str) -> bool:
        is_reached = endpoint.startswith(_LOCAL) and self._connection.endpoint.startswith(_LOCAL)
        return is_reached and any(
            f.prefix.startswith(prefix) or (not f.exact and prefix.startswith(f.prefix)) for f in self._filters
        )
