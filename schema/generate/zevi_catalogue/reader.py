"""Reads catalogue files and finds every fault in them; the broker's own reader (schema/src/catalogue_file.cpp)
keeps the same rules, and tests/data/catalogue-faults.json holds both to them."""

import json
import re

from . import model

TOPIC = re.compile(r"[A-Za-z0-9_.-]{1,128}\Z")
UNIT = re.compile(r"[a-z0-9_/]{1,16}\Z")
CONTROL = re.compile(r"[\x00-\x1f\x7f]")
STRING = re.compile(rb'"(?:[^"\\]|\\.)*"', re.DOTALL)

FILE_FIELDS = ("zevi_catalogue", "doc", "events")
EVENT_FIELDS = ("name", "origin", "doc", "open", "notes", "params")
PARAM_FIELDS = ("name", "type", "unit", "optional", "nullable", "doc", "values", "values_open")
VALUE_FIELDS = ("value", "doc")


class CatalogueError(Exception):
    """One or more faults, a line each."""

    def __init__(self, faults):
        super().__init__("\n".join(faults))
        self.faults = faults


class Unreadable(Exception):
    """What is wrong with the file as a whole."""


def read(paths):
    """The catalogues in the files `paths`, checked each and against one another."""
    faults = []
    catalogues = [FileReader(path, faults).read() for path in paths]
    first_in = {}
    for catalogue in catalogues:
        for event in catalogue.events:
            other = first_in.setdefault(event.name, catalogue.path)
            if other != catalogue.path:
                faults.append(f"{catalogue.path}: event '{event.name}': is in {other} too; take one of them out")
    if faults:
        raise CatalogueError(faults)
    return catalogues


class FileReader:
    """Reads one file; what is wrong with it goes to `faults`."""

    def __init__(self, path, faults):
        self.path = path
        self.faults = faults
        self.where = path

    def fault(self, reason):
        self.faults.append(f"{self.where}: {reason}")

    def read(self):
        try:
            root = parse(self.path)
        except Unreadable as error:
            self.fault(str(error))
            return model.Catalogue(self.path)
        if not isinstance(root, dict) or "zevi_catalogue" not in root:
            self.fault('is no catalogue: it has to be an object that begins with "zevi_catalogue": 1')
            return model.Catalogue(self.path)
        version = root["zevi_catalogue"]
        if type(version) is not int or version != model.FORMAT:
            self.fault(f'"zevi_catalogue" is {json.dumps(version)}, a format that is not known here; known is 1')
            return model.Catalogue(self.path)
        self.only(root, FILE_FIELDS)
        doc = self.text(root, "doc")
        events = root.get("events")
        if not isinstance(events, list):
            self.fault('"events" has to be an array of events')
            events = []
        if len(events) > model.EVENTS_MAX:
            self.fault(f"has {len(events)} events; {model.EVENTS_MAX} are the most, make it several files")
            events = []
        read = [self.event(number, event) for number, event in enumerate(events, 1)]
        return model.Catalogue(self.path, doc, tuple(self.unique(read, f"{self.path}: event")))

    def unique(self, items, where):
        """Those of `items` that are something and have a name of their own."""
        names = set()
        kept = []
        for item in items:
            if item is None:
                continue
            if item.name in names:
                self.faults.append(f"{where} '{item.name}': is described twice; take one of them out")
                continue
            names.add(item.name)
            kept.append(item)
        return kept

    def event(self, number, event):
        self.where = f"{self.path}: event number {number}"
        if not isinstance(event, dict):
            return self.fault("has to be an object")
        name = event.get("name")
        if not isinstance(name, str) or not TOPIC.match(name):
            return self.fault(f'"name" is {shown(name)}, which is no topic: use 1 to 128 of A-Z a-z 0-9 _ . -')
        self.where = here = f"{self.path}: event '{name}'"
        if name.startswith("E_ZEVI_") and event.get("origin") != "zevid":
            return self.fault("names that begin with E_ZEVI_ belong to the broker; choose another")
        self.only(event, EVENT_FIELDS)
        origin = self.text(event, "origin")
        doc = self.text(event, "doc", needed=True)
        is_open = self.flag(event, "open")
        notes = self.notes(event)
        params = event.get("params")
        if not isinstance(params, list):
            self.fault('"params" has to be an array, empty for an event without parameters')
            params = []
        if len(params) > model.PARAMS_MAX:
            self.fault(f"has {len(params)} params; {model.PARAMS_MAX} are the most")
            params = []
        read = [self.param(here, n, param) for n, param in enumerate(params, 1)]
        kept = self.unique(read, f"{here}, param")
        return model.Event(name, origin, doc, tuple(kept), is_open, notes)

    def notes(self, event):
        notes = event.get("notes", [])
        if isinstance(notes, list) and all(is_text(note) for note in notes):
            return tuple(notes)
        self.fault(f'"notes" has to be an array of texts {TEXT_RULE}')
        return ()

    def param(self, event_where, number, param):
        self.where = f"{event_where}, param number {number}"
        if not isinstance(param, dict):
            return self.fault("has to be an object")
        name = param.get("name")
        if not is_text(name) or not 1 <= len(name.encode()) <= 64:
            return self.fault(f'"name" is {shown(name)}; it has to be 1 to 64 bytes without control characters')
        self.where = f"{event_where}, param '{name}'"
        self.only(param, PARAM_FIELDS)
        kind = param.get("type")
        if kind not in model.TYPES:
            return self.fault(f'"type" is {shown(kind)}; it has to be one of {", ".join(model.TYPES)}')
        unit = self.text(param, "unit")
        if unit and not UNIT.match(unit):
            self.fault(f'"unit" is {shown(unit)}; it has to be 1 to 16 of a-z 0-9 _ /, such as ms or bytes')
        nullable = self.flag(param, "nullable")
        if nullable and kind == "any":
            self.fault('"nullable" has no meaning for the type any, which can be nil anyway; leave it out')
        return model.Param(name, kind, unit, self.flag(param, "optional"), nullable, self.text(param, "doc"),
                           self.values(param, kind), self.flag(param, "values_open"))

    def values(self, param, kind):
        values = param.get("values")
        if values is None and "values" not in param:
            return ()
        if not isinstance(values, list) or not values or kind == "bytes":
            self.fault('"values" has to be an array of one or more, for any type but bytes')
            return ()
        read = []
        for value in values:
            doc = ""
            if isinstance(value, dict):
                self.only(value, VALUE_FIELDS)
                doc = self.text(value, "doc")
                value = value.get("value")
            if not fits(value, kind):
                self.fault(f'"values" holds {shown(value)}, which is no {kind}')
            read.append(model.Value(value, doc))
        return tuple(read)

    def only(self, fields, known):
        for name in fields:
            if name not in known and not name.startswith("x-"):
                self.fault(f"the field {shown(name)} is not known; known are {', '.join(known)} "
                           "(begin your own with x-)")

    def text(self, fields, name, needed=False):
        text = fields.get(name, "")
        if not is_text(text):
            self.fault(f'"{name}" has to be a text {TEXT_RULE}')
            return ""
        if needed and not text:
            self.fault(f'"{name}" is missing: say what it is, in a sentence')
        return text

    def flag(self, fields, name):
        flag = fields.get(name, False)
        if isinstance(flag, bool):
            return flag
        self.fault(f'"{name}" is {shown(flag)}; it has to be true or false')
        return False


TEXT_RULE = f"of at most {model.TEXT_BYTES_MAX} bytes without control characters"


def is_text(value):
    return isinstance(value, str) and not CONTROL.search(value) and len(value.encode()) <= model.TEXT_BYTES_MAX


def fits(value, kind):
    """Whether `value`, out of a JSON file, can be the value of a param of the type `kind`."""
    if kind == "any":
        return fits(value, "string") or fits(value, "bool") or fits(value, "double")
    if kind == "string":
        return is_text(value)
    if isinstance(value, bool) or kind == "bool":
        return isinstance(value, bool) and kind == "bool"
    if kind == "double":
        return isinstance(value, (int, float)) and abs(value) < float("inf")
    low, high = (0, 2**64 - 1) if kind == "uint" else (-(2**63), 2**63 - 1)
    return isinstance(value, int) and low <= value <= high


def shown(value):
    """`value` for an error line, not longer than a line should be."""
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 80 else text[:77] + "..."


def parse(path):
    try:
        with open(path, "rb") as file:
            data = file.read(model.FILE_BYTES_MAX + 1)
    except OSError as error:
        raise Unreadable(f"cannot be read: {error.strerror}") from None
    if len(data) > model.FILE_BYTES_MAX:
        raise Unreadable("is larger than 4 MiB; make it several files")
    if nesting(data) > model.NESTING_MAX:
        raise Unreadable(f"is nested deeper than {model.NESTING_MAX}, which no catalogue needs")
    try:
        return json.loads(data.decode(), object_pairs_hook=unique_fields, parse_constant=refuse_constant)
    except json.JSONDecodeError as error:
        raise Unreadable(f"line {error.lineno}, column {error.colno}: is no JSON: {error.msg}") from None
    except UnicodeDecodeError as error:
        raise Unreadable(f"is not UTF-8 (byte {error.start})") from None
    except ValueError as error:
        raise Unreadable(str(error)) from None


def unique_fields(pairs):
    fields = dict(pairs)
    if len(fields) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise Unreadable(f"the field {shown(twice)} is twice in one object; take one of them out")
    for name in fields:
        unpaired_surrogates(name)
    for value in fields.values():
        if isinstance(value, str):
            unpaired_surrogates(value)
    return fields


def unpaired_surrogates(text):
    try:
        text.encode()
    except UnicodeEncodeError:
        raise Unreadable("is no JSON: half of a surrogate pair in a text") from None


def refuse_constant(name):
    raise Unreadable(f"is no JSON: {name}")


def nesting(data):
    depth = deepest = 0
    for byte in STRING.sub(b"", data):
        if byte in b"[{":
            depth += 1
            deepest = max(deepest, depth)
        elif byte in b"]}":
            depth -= 1
    return deepest
