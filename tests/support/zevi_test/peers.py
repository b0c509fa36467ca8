"""Peers that are somebody else: another user of this machine, or the owner of a key."""

from __future__ import annotations

import contextlib
import ctypes
import os
from typing import Iterator, Optional

import zmq
from zmq.utils.monitor import recv_monitor_message

from .waiting import deadline_seconds

_libc = ctypes.CDLL(None, use_errno=True)
# The raw calls of x86-64 and arm64: they change the calling thread alone, where the C library changes all.
_SETRESUID, _SETRESGID = {"x86_64": (117, 119), "aarch64": (147, 149)}.get(os.uname().machine, (0, 0))


@contextlib.contextmanager
def another_user(uid: int, gid: int) -> Iterator[None]:
    """Threads that begin here are of that user, those of a new ZeroMQ context among them. Needs root."""

    def become(uid: int, gid: int) -> None:
        for call, number in ((_SETRESGID, gid), (_SETRESUID, uid)):
            if _libc.syscall(call, -1, number, -1) != 0:
                raise OSError(ctypes.get_errno(), "cannot change the user of a thread")

    was = os.geteuid(), os.getegid()
    become(uid, gid)
    try:
        yield
    finally:
        _libc.syscall(_SETRESUID, -1, was[0], -1)
        become(*was)


def is_admitted(kind: int, endpoint: str, keys: Optional[tuple] = None, server_key: Optional[bytes] = None) -> bool:
    """Whether the broker lets a socket of this kind in: what the handshake ends with."""
    with zmq.Context() as context, context.socket(kind) as peer:
        peer.linger = 0
        if keys is not None:
            peer.curve_publickey, peer.curve_secretkey = keys
            peer.curve_serverkey = server_key
        failed = zmq.EVENT_HANDSHAKE_FAILED_AUTH | zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL | zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL
        monitor = peer.get_monitor_socket(zmq.EVENT_HANDSHAKE_SUCCEEDED | failed)
        try:
            peer.connect(endpoint)
            assert monitor.poll(int(deadline_seconds * 1000)), f"no handshake at {endpoint}"
            return recv_monitor_message(monitor)["event"] == zmq.EVENT_HANDSHAKE_SUCCEEDED
        finally:
            peer.disable_monitor()
            monitor.close()
