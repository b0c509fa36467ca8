"""Ports for servers that cannot be told to choose one."""

import socket


def free_port() -> int:
    """A port of the loopback interface that nobody listened at a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
