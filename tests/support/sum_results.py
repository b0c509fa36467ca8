#!/usr/bin/python3
"""Adds up the test cases of Meson test logs and closes with the line `N passed, N failed`.

    sum_results.py LOG...

Meson counts programs; a reader wants test cases. Each LOG is a `meson-logs/testlog.json`, which holds the output of
every test program: there Catch2 and pytest close with a count of their own. A program that closes with none of theirs,
because it is neither or because it crashed or was out of time, counts as one case. Exits 1 unless all passed.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any, Dict, Iterable, List, NamedTuple


class Count(NamedTuple):
    passed: int = 0
    failed: int = 0
    skipped: int = 0

    def plus(self, other: "Count") -> "Count":
        return Count(*(a + b for a, b in zip(self, other)))

    def line(self) -> str:
        skipped = f", {self.skipped} skipped" if self.skipped else ""
        return f"{self.passed} passed, {self.failed} failed{skipped}"


_CATCH_ALL_PASSED = re.compile(r"^All tests passed \(.* in (\d+) test cases?\)$")
_CATCH_SOME_FAILED = re.compile(r"^test cases: +\d+ \|")
_PYTEST_CLOSE = re.compile(r"^=* ?(?:\d+ [a-z]+, )*\d+ [a-z]+ in [\d.]+s.*$")
_NUMBER_AND_WORD = re.compile(r"(\d+) ([a-z]+)")
_WORDS = {
    "passed": Count(passed=1),
    "xfailed": Count(passed=1),
    "failed": Count(failed=1),
    "xpassed": Count(failed=1),
    "error": Count(failed=1),
    "errors": Count(failed=1),
    "skipped": Count(skipped=1),
}


def count_words(line: str) -> Count:
    total = Count()
    for number, word in _NUMBER_AND_WORD.findall(line):
        total = total.plus(Count(*(int(number) * unit for unit in _WORDS.get(word, Count()))))
    return total


def count_of_program(result: str, output: str) -> Count:
    """What one test program counted, given Meson's verdict on it."""
    counted = Count()
    for line in output.splitlines():
        all_passed = _CATCH_ALL_PASSED.match(line)
        if all_passed:
            counted = counted.plus(Count(passed=int(all_passed.group(1))))
        elif _CATCH_SOME_FAILED.match(line) or _PYTEST_CLOSE.match(line):
            counted = counted.plus(count_words(line))
    if result == "SKIP":
        return Count(skipped=max(counted.skipped, 1))
    if result in ("OK", "EXPECTEDFAIL"):
        return counted if sum(counted) else Count(passed=1)
    return counted if counted.failed else counted.plus(Count(failed=1))


def read_log(path: Path) -> List[Dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(errors="replace").splitlines() if line.strip()]


def sum_logs(paths: Iterable[Path]) -> Count:
    total = Count()
    for path in paths:
        for program in read_log(path):
            total = total.plus(count_of_program(program["result"], program.get("stdout", "")))
    return total


def main(arguments: List[str]) -> int:
    if not arguments:
        print("sum_results.py: error: name at least one testlog.json", file=sys.stderr)
        return 2
    total = sum_logs(Path(a) for a in arguments)
    print(total.line())
    return 0 if total.passed and not total.failed else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
