"""Where the broker listens: sockets with fixed names in one runtime directory."""

from __future__ import annotations

import os
from typing import Optional

from .errors import Error

SYSTEM_DIR = "/run/zevi"
_UNIX_PATH_BYTES_MAX = 107


def runtime_dir(chosen: Optional[str] = None) -> str:
    """The directory in which to look for the broker. Never ``$RUNTIME_DIRECTORY``: that is the unit's that we run in."""
    if chosen:
        return os.fspath(chosen)
    if os.environ.get("ZEVI_RUNTIME_DIR"):
        return os.environ["ZEVI_RUNTIME_DIR"]
    if os.path.isdir(SYSTEM_DIR):
        return SYSTEM_DIR
    if os.environ.get("XDG_RUNTIME_DIR"):
        return os.environ["XDG_RUNTIME_DIR"] + "/zevi"
    raise Error("no runtime directory: give runtime_dir or set ZEVI_RUNTIME_DIR")


def ipc_endpoint(directory: str, name: str) -> str:
    """``ipc://DIRECTORY/NAME``, if a unix socket can have that path."""
    path = f"{directory}/{name}"
    size = len(os.fsencode(path))
    if size > _UNIX_PATH_BYTES_MAX:
        raise Error(
            f"socket path {path} has {size} bytes and a unix socket takes {_UNIX_PATH_BYTES_MAX}: "
            "choose a shorter runtime directory"
        )
    return "ipc://" + path
