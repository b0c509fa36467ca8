"""Proving to a broker on another machine who we are: keys of CURVE."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from typing import Optional

import zmq

from .errors import Error

_KEY = re.compile(r"[0-9A-Za-z.\-:+=^!/*?&<>()\[\]{}@%$#]{40}")


@dataclass(frozen=True)
class Curve:
    """Our own keys and the broker's public one, for ``tcp://`` endpoints."""

    public: bytes
    secret: bytes
    server: bytes

    @classmethod
    def read(cls, key_file: Optional[str], server_key: Optional[str]) -> "Optional[Curve]":
        """``server_key`` is the key itself or a file that holds it. None if neither is given."""
        if key_file is None and server_key is None:
            return None
        if key_file is None or server_key is None:
            raise Error("curve_key and curve_server_key go together: give the file of the own key and the broker's public key")
        public, secret = _read(key_file)
        if secret is None:
            raise Error(f"{key_file} holds no secret key: give the file that keeps it")
        server = server_key if _KEY.fullmatch(server_key) else _read(server_key)[0]
        return cls(public.encode(), secret.encode(), server.encode())

    def use(self, socket: "zmq.Socket[bytes]", endpoint: str) -> None:
        """To be called before ``socket`` is connected to ``endpoint``."""
        if endpoint.startswith("tcp:"):
            socket.curve_publickey, socket.curve_secretkey = self.public, self.secret
            socket.curve_serverkey = self.server


def _read(path: str) -> "tuple[str, Optional[str]]":
    try:
        with open(os.fspath(path), encoding="utf-8") as file:
            keys = dict(re.findall(r'^\s*(public|secret)-key\s*=\s*"(.*)"\s*$', file.read(), re.MULTILINE))
    except (OSError, UnicodeDecodeError) as error:
        raise Error(f"cannot read the key file {path}: {error}; check its path and mode") from None
    if any(not _KEY.fullmatch(key) for key in keys.values()) or "public" not in keys:
        raise Error(f"{path} holds no key: make one with zevi keys generate")
    return keys["public"], keys.get("secret")
