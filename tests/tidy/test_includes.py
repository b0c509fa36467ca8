"""The arrows between the folders point one way."""

import re

import pytest

from source_tree import files_ending, root, text_of

#: What each folder may include of the others.
_allowed = {
    "schema": {"schema"},
    "program": {"program", "schema"},
    "publishers": {"publishers", "program", "schema"},
    "broker": {"broker", "program", "schema"},
    "subscribers": {"subscribers", "program", "schema"},
}
#: A bridge reads on one side and writes on the other.
_bridges = ("subscribers/bridges/", "publishers")
#: Where executables are made; the libraries beside them must not know command lines or signals.
_executables = (
    "broker/main.cpp",
    "broker/config/",
    "broker/metrics/broker_metrics.",
    "publishers/opensips/",
    "publishers/tool/",
    "publishers/examples/",
    "subscribers/cli/",
    "subscribers/examples/",
    "subscribers/bridges/",
)

_headers = files_ending(".hpp", ".h")
_program_headers = {p.name for p in _headers if p.parts[0] == "program"} | {"version.hpp"}
_include = re.compile(r'^\s*#\s*include\s+[<"]([^>"]+)[>"]', re.MULTILINE)


def _folder_of_include(name: str, source) -> str:
    """The top folder that `#include "name"` in `source` reaches; empty for the system's headers."""
    if (root / source.parent / name).is_file():
        return source.parts[0]
    if name in _program_headers:
        return "program"
    for folder in _allowed:
        if (root / folder / name).is_file() or (root / folder / "include" / name).is_file():
            return folder
    for candidate in _headers:
        if str(candidate).endswith("/" + name) and candidate.parts[0] in _allowed:
            return candidate.parts[0]
    return ""


@pytest.mark.parametrize("folder", _allowed)
def test_a_folder_includes_only_what_lies_behind_it(folder):
    wrong = []
    for source in files_ending(".hpp", ".h", ".cpp", ".c", below=folder):
        for name in _include.findall(text_of(source)):
            reached = _folder_of_include(name, source)
            excused = str(source).startswith(_bridges[0]) and reached == _bridges[1]
            if reached and reached not in _allowed[folder] and not excused:
                wrong.append(f"{source} includes {name} of {reached}/")
    assert not wrong


def test_only_executables_include_the_program_folder():
    wrong = []
    for source in files_ending(".hpp", ".h", ".cpp", ".c"):
        if source.parts[0] in ("program", "tests") or str(source).startswith(_executables):
            continue
        wrong += [
            f"{source} includes {name}"
            for name in _include.findall(text_of(source))
            if _folder_of_include(name, source) == "program"
        ]
    assert not wrong


def test_every_header_has_a_guard():
    assert not [str(p) for p in _headers if not re.search(r"#pragma once|#ifndef ZEVI_", text_of(p))]
