"""`./dev soak`, for some seconds."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

SOAK = Path(__file__).parent / "soak.py"


def soak(build_dir, *options):
    command = [sys.executable, "-B", SOAK, "--build-dir", build_dir, "--minutes", "0.15", *options]
    ended = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=os.environ)
    assert ended.returncode == 0, ended.stdout
    assert "every event is accounted for" in ended.stdout


@pytest.mark.parametrize("options", [(), ("--no-broker-kills",)])
def test_a_soak_of_some_seconds_accounts_for_every_event(build_dir, options):
    soak(build_dir, *options)
