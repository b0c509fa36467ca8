"""Support for tests that run the real programs.

Nothing in here uses the package `zevi`: it is a second opinion on the wire, written against plain pyzmq and msgpack.
"""

from .peers import another_user, is_admitted
from .ports import free_port
from .programs import Program, find_program
from .raw_control import RawControl
from .raw_publisher import RawPublisher
from .raw_reader import Answer, RawReader
from .raw_subscriber import RawEvent, RawSubscriber
from .resending_publisher import ResendingPublisher
from .waiting import deadline_seconds, wait_until
from .zevid import Zevid

__all__ = [
    "Answer",
    "Program",
    "RawControl",
    "RawEvent",
    "RawPublisher",
    "RawReader",
    "RawSubscriber",
    "ResendingPublisher",
    "Zevid",
    "another_user",
    "deadline_seconds",
    "find_program",
    "free_port",
    "is_admitted",
    "wait_until",
]
