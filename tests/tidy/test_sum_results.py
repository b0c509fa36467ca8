"""The count that closes `./dev test`."""

import json
import subprocess
import sys

import pytest

from source_tree import root

_script = root / "tests/support/sum_results.py"


def _sum(tmp_path, *programs):
    log = tmp_path / "testlog.json"
    log.write_text("".join(json.dumps({"name": "t", "result": r, "stdout": out}) + "\n" for r, out in programs))
    done = subprocess.run([sys.executable, _script, log], capture_output=True, text=True)
    return done.stdout.strip(), done.returncode


@pytest.mark.parametrize(
    "programs, line, code",
    [
        ([("OK", "All tests passed (31 assertions in 4 test cases)\n")], "4 passed, 0 failed", 0),
        ([("OK", "All tests passed (1 assertion in 1 test case)\n")], "1 passed, 0 failed", 0),
        ([("FAIL", "test cases:  5 |  3 passed | 2 failed\n")], "3 passed, 2 failed", 1),
        ([("OK", "....  [100%]\n4 passed, 1 skipped in 0.31s\n")], "4 passed, 0 failed, 1 skipped", 0),
        ([("FAIL", "1 failed, 2 passed, 1 warning, 1 error in 12.02s (0:00:12)\n")], "2 passed, 2 failed", 1),
        ([("OK", "")], "1 passed, 0 failed", 0),
        ([("FAIL", "Segmentation fault\n")], "0 passed, 1 failed", 1),
        ([("TIMEOUT", "All tests passed (31 assertions in 4 test cases)\n")], "4 passed, 1 failed", 1),
        ([("SKIP", "")], "0 passed, 0 failed, 1 skipped", 1),
        ([("OK", "2 passed in 0.02s"), ("OK", "All tests passed (2 assertions in 2 test cases)")], "4 passed, 0 failed", 0),
    ],
)
def test_each_test_case_counts_once(tmp_path, programs, line, code):
    assert _sum(tmp_path, *programs) == (line, code)
