"""What shells make of a completion."""

import shutil
import subprocess
from pathlib import Path
from typing import Dict, List, Optional

import pytest


def offered_by_bash(script: Path, function: str, words: List[str], env: Optional[Dict[str, str]] = None) -> List[str]:
    """What bash offers for the last of these words."""
    ask = 'source "$0"; COMP_WORDS=("${@:2}"); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); "$1"; printf "%s\\n" "${COMPREPLY[@]}"'
    command = ["bash", "-c", ask, str(script), function, *words]
    return subprocess.run(command, env=env, check=True, capture_output=True, text=True).stdout.split()


def assert_is_read_by(shell: str, script: Path) -> None:
    """Skips the test where there is no such shell."""
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")
    checked = subprocess.run([shell, "-n", str(script)], capture_output=True, text=True)
    assert (checked.returncode, checked.stdout, checked.stderr) == (0, "", "")
