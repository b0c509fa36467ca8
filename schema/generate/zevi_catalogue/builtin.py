"""A C++ source with catalogue files in it, for the library that checks events at run time."""

import json
import os
import textwrap

SOURCE = """\
// Made by `zevi-catalogue builtin` from {sources}.
#include "builtin_catalogues.hpp"

namespace zevi::builtin {{

{arrays}
}}  // namespace zevi::builtin
"""

# Numbers instead of a string literal: compilers promise no more than 65,536 characters of one.
ARRAY = """\
namespace {{
constexpr char {name}_bytes[] = {{
{numbers}
}};
}}  // namespace

const std::string_view {name}{{{name}_bytes, sizeof({name}_bytes)}};
"""


def generate(paths):
    arrays = [array(path) for path in paths]
    return SOURCE.format(sources=", ".join(os.path.basename(path) for path in paths), arrays="\n".join(arrays))


def array(path):
    with open(path, encoding="utf-8") as file:
        packed = json.dumps(json.load(file), separators=(",", ":"), ensure_ascii=True)
    numbers = textwrap.fill(", ".join(str(byte) for byte in packed.encode()), 110, initial_indent="    ",
                            subsequent_indent="    ")
    name = os.path.splitext(os.path.basename(path))[0].replace("-", "_")
    return ARRAY.format(name=name, numbers=numbers)
