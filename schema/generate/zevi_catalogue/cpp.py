"""A C++ header with a struct for each event."""

import os
import textwrap

from . import cpp_names

TYPES = {
    "int": "std::int64_t",
    "uint": "std::uint64_t",
    "double": "double",
    "string": "std::string_view",
    "bytes": "std::string_view",
    "bool": "bool",
    "any": "::zevi::AnyValue",
}
# How many bytes a value takes at most; the others say so themselves.
FIXED_BYTES = {"int": 9, "uint": 9, "double": 9, "bool": 1}

HEADER = """\
// Made by `zevi-catalogue c++` from {sources}: change it there, not here.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "zevi/typed_event.hpp"

namespace {namespace} {{
"""


def generate(catalogues, namespace):
    events = [event for catalogue in catalogues for event in catalogue.events]
    structs = cpp_names.assign([event.name for event in events], frozenset(["std", "zevi"]))
    sources = ", ".join(os.path.basename(catalogue.path) for catalogue in catalogues)
    parts = [HEADER.format(sources=sources, namespace=namespace)]
    parts += [Struct(event, struct).text() for event, struct in zip(events, structs)]
    parts.append(f"}}  // namespace {namespace}\n")
    return "\n".join(parts)


class Struct:
    def __init__(self, event, name):
        self.event = event
        self.name = name
        names = cpp_names.assign([param.name for param in event.params], cpp_names.MEMBERS | {name})
        self.fields = list(zip(event.params, names))

    def text(self):
        lines = comment(self.event.doc, "")
        lines += [f"struct {self.name} {{",
                  f'  static constexpr std::string_view topic = "{self.event.name}";',
                  f"  static constexpr std::array<std::string_view, {len(self.fields)}> param_names{{"]
        lines += [f"      {literal(param.name.encode())}," for param, _ in self.fields]
        lines[-1] += "};" if not self.fields else ""
        lines += ["  };", ""] if self.fields else [""]
        for param, name in self.fields:
            lines += comment(described(param), "  ")
            lines.append(f"  {member_type(param)} {name}{{}};")
        lines += [""] if self.fields else []
        lines += self.encoded_bytes_max() + [""] + self.encode() + [""] + self.decode() + [""]
        lines += [f"  friend bool operator==(const {self.name}&, const {self.name}&) = default;", "};", ""]
        return "\n".join(lines)

    def encoded_bytes_max(self):
        fixed = 1 if len(self.fields) < 16 else 3
        terms = []
        for param, name in self.fields:
            fixed += len(encoded_key(param.name)) + FIXED_BYTES.get(param.type, 0)
            if param.type not in FIXED_BYTES:
                terms.append(f" +\n           ::zevi::typed_event::bytes_max({name})")
        return ["  /// No more than this many bytes are written by `encode`.",
                "  [[nodiscard]] constexpr std::size_t encoded_bytes_max() const noexcept {",
                f"    return {fixed}{''.join(terms)};",
                "  }"]

    def encode(self):
        count = f"{sum(not param.optional for param, _ in self.fields)}U"
        count += "".join(f" + {name}.has_value()" for param, name in self.fields if param.optional)
        lines = ["  /// Writes the parameter map at `at` and returns the place behind it.",
                 "  std::uint8_t* encode(std::uint8_t* at) const noexcept {",
                 f"    at = ::zevi::pack::put_map_head(at, {count});"]
        for param, name in self.fields:
            put = "put_bytes" if param.type == "bytes" else "put"
            key = f"at = ::zevi::typed_event::put_key(at, {literal(encoded_key(param.name))});"
            value = f"at = ::zevi::typed_event::{put}(at, {'*' if param.optional else ''}{name});"
            if param.optional:
                lines += [f"    if ({name}) {{", f"      {key}", f"      {value}", "    }"]
            else:
                lines += [f"    {key}", f"    {value}"]
        return lines + ["    return at;", "  }"]

    def decode(self):
        required = sum(1 << i for i, (param, _) in enumerate(self.fields) if not param.optional)
        lines = ["  /// Reads a parameter map; its keys may come in any order, and unknown ones are passed over.",
                 "  /// Unless it succeeds, `out` holds nothing to rely on.",
                 f"  static ::zevi::EventDecode decode(std::string_view params, {self.name}& out) noexcept {{",
                 f"    out = {self.name}{{}};",
                 "    ::zevi::typed_event::ParamReader<param_names> reader(params);",
                 "    for (std::size_t which = 0; reader.next(which);) {"]
        if self.fields:
            lines.append("      switch (which) {")
            for number, (_, name) in enumerate(self.fields):
                lines += [f"        case {number}:", f"          reader.take(out.{name});", "          break;"]
            lines.append("      }")
        return lines + ["    }", f"    return reader.finish({required:#x}U);", "  }"]


def member_type(param):
    text = TYPES[param.type]
    if param.nullable:
        text = f"::zevi::Nullable<{text}>"
    return f"std::optional<{text}>" if param.optional else text


def described(param):
    text = param.doc
    if text and text[-1] not in ".:;!?":
        text += "."
    if param.unit:
        text += f" Unit: {param.unit}."
    if param.values:
        text += " Values: " + ", ".join(
            str(value) + (f" ({value.doc})" if value.doc else "") for value in param.values)
        text += ", and others." if param.values_open else "."
    if param.type == "bytes":
        text += " Raw bytes."
    return text.strip()


def comment(text, indent):
    lines = textwrap.wrap(text, 106 - len(indent), break_long_words=False, break_on_hyphens=False)
    # A backslash at the end of a line would take the next line into the comment.
    return [f"{indent}/// {line}" + ("." if line.endswith("\\") else "") for line in lines]


def encoded_key(name):
    data = name.encode()
    head = bytes([0xA0 | len(data)]) if len(data) < 32 else bytes([0xD9, len(data)])
    return head + data


def literal(data):
    """A C++ string literal; bytes that are not printable ASCII in octal, whose length is fixed."""
    shown = "".join(chr(b) if 0x20 <= b < 0x7F and b not in b'"\\?' else f"\\{b:03o}" for b in data)
    return f'"{shown}"'
