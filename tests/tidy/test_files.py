"""Rules for single files: their size, mode and words."""

import os
import re

from source_tree import files_ending, root, tracked_files

#: Tests in Python are lists of cases, and longer.
_lines_max = {".cpp": 400, ".hpp": 400, ".c": 400, ".h": 400, ".py": 600}
#: Files that are one idea and longer all the same, each with its reason.
_long_files = {
    "schema/include/zevi/pack.hpp": "reader and writer of one format, with their documentation",
}

#: The words are taken apart here so that this file does not hold what it forbids.
_forbidden = {
    "a number of the issue tracker": r"(?i)\bissue[ ]#?\d+\b",
    "a path of somebody's machine": r"(?<![\w.])/(?:work|home|root)/\w",
    "a page that is not in this tree": r"\b(?:DESIGN|CONVENTIONS|FACTS|COMMON)[.]md\b",
    "a host of a package registry": r"\b(?:deb[.]debian|registry[.]npmjs|pypi|files[.]pythonhosted)[.](?:org|com)\b",
}
#: Recorded bytes of foreign programs.
_foreign = ("tests/data/captures/", "schema/vectors/")


def test_no_source_file_grows_without_end():
    too_long = []
    for path in files_ending(*_lines_max):
        lines = (root / path).read_bytes().count(b"\n")
        if lines > _lines_max[path.suffix] and str(path) not in _long_files:
            too_long.append(f"{path}: {lines} lines; is it two nouns?")
    assert not too_long


def test_no_file_speaks_of_anything_outside_the_project():
    found = []
    for path in tracked_files():
        if str(path).startswith(_foreign):
            continue
        try:
            text = (root / path).read_text()
        except UnicodeDecodeError:
            continue
        for what, pattern in _forbidden.items():
            for match in re.finditer(pattern, text):
                line = text.count("\n", 0, match.start()) + 1
                found.append(f"{path}:{line}: {what}: {match.group()!r}")
    assert not found


def test_scripts_are_executable_and_nothing_else_is():
    wrong = []
    for path in tracked_files():
        with open(root / path, "rb") as file:
            script = file.read(2) == b"#!"
        executable = bool(os.stat(root / path).st_mode & 0o100)
        if script != executable:
            wrong.append(f"{path}: {'executable' if executable else 'a script, but not executable'}")
    assert not wrong


def test_lines_end_as_they_should():
    wrong = []
    for path in files_ending(".cpp", ".hpp", ".c", ".h", ".py", ".md", ".build", ".json", ".txt"):
        if str(path).startswith(_foreign):
            continue
        text = (root / path).read_text()
        if text and not text.endswith("\n"):
            wrong.append(f"{path}: no newline at its end")
        wrong += [f"{path}:{n}: a blank at its end" for n, line in enumerate(text.split("\n"), 1) if line != line.rstrip()]
    assert not wrong
