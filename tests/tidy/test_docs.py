"""What the pages show is what the tree holds: examples, options and counters.

    <!-- file: PATH -->        the next code block is that file, or a piece of it
    <!-- options: PROGRAM -->  the next table lists the options of `PROGRAM --help`
    <!-- counters -->          the next table lists the broker's counters
"""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from source_tree import files_ending, root, text_of

sys.path.insert(0, str(root / "tests/support"))
from zevi_test.programs import find_program  # noqa: E402

_build_dir = Path(os.environ["ZEVI_BUILD_DIR"])


def _marked(kind: str, block: str):
    """(page, argument of the marker, the block behind it) for each marker of this kind in the pages."""
    pattern = re.compile(rf"^<!-- {kind}(?:: (.+?))? -->\n+{block}", re.MULTILINE | re.DOTALL)
    return [(page, *match.groups()) for page in files_ending(".md") for match in pattern.finditer(text_of(page))]


_examples = _marked("file", r"```\w*\n(.*?)^```")
_option_tables = _marked("options", r"((?:^\|[^\n]*\n)+)")
_counter_tables = _marked("counters", r"((?:^\|[^\n]*\n)+)")


def options_of(program: str):
    """(option with its value's name, default, meaning) for each line of `PROGRAM --help`, but for help and version."""
    text = subprocess.run([find_program(_build_dir, program), "--help"], capture_output=True, text=True, check=True).stdout
    options = []
    for line in text.splitlines():
        head = re.match(r"  (-\w \[ )?(--[\w-]+)(?: \])?(?: ([A-Z][^\s(]*))?(?: \(=(.*?)\))?(?: +(\S.*))?$", line)
        more = re.match(r" {12,}(\S.*)$", line)
        if head:
            short, name, value, default, meaning = head.groups()
            options.append([f"{short[:2] + ', ' if short else ''}{name}{' ' + value if value else ''}", default or "", meaning or ""])
        elif more and options:
            options[-1][2] = f"{options[-1][2]} {more.group(1)}".strip()
        elif options and line:
            break
    options = [(option, default, " ".join(meaning.split())) for option, default, meaning in options]
    return [o for o in options if not re.search(r"--(help|version)$", o[0])]


def _rows(table: str):
    """The cells of a table's rows, without the head and without code marks."""
    lines = table.splitlines()[2:]
    cells = [[c.strip().replace("`", "") for c in re.split(r"(?<!\\)\|", line.strip("|"))] for line in lines]
    return [tuple(c.replace("\\|", "|") for c in row) for row in cells]


@pytest.mark.parametrize("page, path, shown", _examples, ids=lambda v: str(v) if isinstance(v, Path) else "")
def test_an_example_on_a_page_is_the_file(page, path, shown):
    assert shown in text_of(Path(path)), f"{page} shows another {path}"


@pytest.mark.parametrize("page, program, table", _option_tables, ids=lambda v: v if isinstance(v, str) and "|" not in v else "")
def test_a_table_of_options_is_the_programs_help(page, program, table):
    expected = options_of(program)
    assert expected
    lines = "\n".join(f"| `{o}` | {d} | {m} |" for o, d, m in expected)
    assert _rows(table) == expected, f"the table in {page} should be\n{lines}"


def test_the_counters_of_bridges_on_their_page_are_those_of_the_table():
    source = text_of(Path("subscribers/bridges/counters.hpp"))
    to, from_ = (re.findall(kind + r'Description\{"(\w+)"', source) for kind in ("Counter", "Import"))
    assert len(to) > 5 and len(from_) > 5
    names = [", ".join(f"`{name}`" for name in direction) for direction in (to, from_)]
    assert f"to a bus {names[0]}; from a bus {names[1]} |" in text_of(Path("docs/bridges.md"))


def test_the_table_of_counters_is_the_brokers():
    [(_, _, table)] = _counter_tables
    source = text_of(Path("broker/metrics/counters.hpp"))
    assert _rows(table) == re.findall(r'\{"(\w+)",\s*"([^"]+)"(?:,\s*true)?\}', source)
