"""A page of documentation about events."""

HEADER = """\
# Events

<!-- Made by `zevi-catalogue docs` from {sources}: change it there, not here. -->

An event is a map from parameter name to value. Parameters are listed in the order in which they are sent. One that
is *optional* can be missing from the map; one that is *nullable* can be nil. Types: `int` and `uint` are whole numbers
of up to 64 bits, with and without a sign; `double` is a 64-bit floating-point number; `string` is text, which travels
as `bin` if it is not UTF-8; `bytes` is `bin`; `any` is known only when the event is there. A unit that begins with
`unix_` is a point in time, counted from 1970-01-01 UTC.

Whoever publishes an event can put anything into it; for OpenSIPS the command `raise_event` alone can raise a known
event with parameters of its own choosing. Treat what is below as what is meant to be there, not as a promise.
"""


def generate(catalogues, names):
    parts = [HEADER.format(sources=", ".join(names))]
    for catalogue in catalogues:
        parts += contents(catalogue)
    for catalogue in catalogues:
        for event in catalogue.events:
            parts.append(section(event))
    return "\n".join(parts)


def contents(catalogue):
    parts = [escaped(catalogue.doc) + "\n"] if catalogue.doc else []
    origins = {}
    for event in catalogue.events:
        origins.setdefault(event.origin, []).append(f"[{event.name}](#{anchor(event.name)})")
    lines = [(f"- {escaped(origin)}: " if origin else "- ") + ", ".join(links) for origin, links in origins.items()]
    return parts + ["\n".join(lines) + "\n"]


def section(event):
    lines = [f"## {event.name}", ""]
    lines += [escaped(event.doc) + (f" From: {escaped(event.origin)}." if event.origin else ""), ""]
    if event.params:
        lines += ["| parameter | type | unit | | meaning |", "|---|---|---|---|---|"]
        lines += [row(param) for param in event.params]
    else:
        lines.append("It has no parameters.")
    lines.append("")
    if event.open:
        lines += ["Other parameters than these can be there.", ""]
    if event.notes:
        lines += [f"- {escaped(note)}" for note in event.notes] + [""]
    return "\n".join(lines)


def row(param):
    presence = ", ".join(word for word in ("optional", "nullable") if getattr(param, word))
    meaning = escaped(param.doc)
    if param.values:
        values = [f"{code(value)}" + (f" {escaped(value.doc)}" if value.doc else "") for value in param.values]
        separator = "; " if any(value.doc for value in param.values) else ", "
        meaning += " Values: " + separator.join(values) + (", and others." if param.values_open else ".")
    return f"| {code(param.name)} | {param.type} | {param.unit} | {presence} | {meaning.strip()} |"


def anchor(name):
    """What GitHub makes of a heading."""
    return name.lower().replace(".", "")


def code(value):
    return "`" + str(value).replace("|", "\\|").replace("`", "'") + "`"


def escaped(text):
    for sign in "\\`*|<[":
        text = text.replace(sign, "\\" + sign)
    return text
