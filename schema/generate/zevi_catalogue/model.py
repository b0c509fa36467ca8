"""What a catalogue file says, once it has been checked."""

from dataclasses import dataclass, field

FORMAT = 1
TYPES = ("int", "uint", "double", "string", "bool", "bytes", "any")
PARAMS_MAX = 64
EVENTS_MAX = 4096
FILE_BYTES_MAX = 4 * 1024 * 1024
TEXT_BYTES_MAX = 4096
NESTING_MAX = 16


@dataclass(frozen=True)
class Value:
    value: object
    doc: str = ""

    def __str__(self):
        """The value as a reader of documentation writes it."""
        return str(self.value).lower() if isinstance(self.value, bool) else str(self.value)


@dataclass(frozen=True)
class Param:
    name: str
    type: str
    unit: str = ""
    optional: bool = False
    nullable: bool = False
    doc: str = ""
    values: tuple = ()
    values_open: bool = False


@dataclass(frozen=True)
class Event:
    name: str
    origin: str
    doc: str
    params: tuple
    open: bool = False
    notes: tuple = ()


@dataclass(frozen=True)
class Catalogue:
    path: str
    doc: str = ""
    events: tuple = field(default_factory=tuple)
