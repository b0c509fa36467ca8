"""Every installed program has a manual page that man shows without complaint."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

_root = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def pages(installed):
    return {page.name: page for page in installed.destdir.rglob("man*/*.[18]")}


@pytest.fixture(scope="session")
def programs(installed):
    return {path.name: path for path in installed.destdir.rglob("bin/zevi*")}


def shown(page: Path) -> str:
    run = subprocess.run(
        ["man", "--warnings", "-E", "UTF-8", "-l", page],
        capture_output=True,
        text=True,
        env={"PATH": "/usr/bin:/bin", "MANWIDTH": "100", "LC_ALL": "C.UTF-8"},
        check=True,
    )
    assert run.stderr == "", f"{page.name}: {run.stderr}"
    return re.sub(".\b", "", run.stdout)


def test_every_program_has_a_page_and_the_page_of_zevi_names_all_commands(pages, programs):
    assert set(pages) == {name + (".8" if name == "zevid" else ".1") for name in programs}
    overview = shown(pages["zevi.1"])
    assert [name for name in programs if name.startswith("zevi-") and name + "(1)" not in overview] == []


def test_a_page_has_each_option_and_says_what_help_says(pages, programs, installed):
    for name, program in programs.items():
        if name == "zevi":
            continue
        page = shown(pages[name + (".8" if name == "zevid" else ".1")])
        words = page.split()
        for section in ("NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS", "EXAMPLES", "SEE"):
            assert section in words, f"{name}: {section}"
        help_text = installed.run(program, "--help")
        for option in re.findall(r"^\s+(?:-\w \[ )?(--[a-z-]+)", help_text, re.MULTILINE):
            assert option in page, f"{name}: {option}"


def test_what_would_be_a_command_of_troff_is_shown_as_it_is(pages):
    page = " ".join(shown(pages["zevi-sub.1"]).split())
    assert '{"$float": "nan"}' in page
    assert "zevi sub 'E_CORE_*' E_PROFILING_PROC --output json | jq .params" in page


def test_the_page_of_the_broker_names_the_files_of_its_service(pages):
    files = shown(pages["zevid.8"]).split("\nFILES\n")[1].split("\nEXAMPLES\n")[0]
    assert "/run/zevi" in files and "/etc/zevi/zevid.conf" in files


@pytest.mark.skipif(shutil.which("lexgrog") is None, reason="lexgrog is not installed")
def test_apropos_finds_every_page_by_what_it_says_of_itself(pages):
    for name, page in pages.items():
        found = subprocess.run(["lexgrog", page], capture_output=True, text=True)
        assert found.returncode == 0, f"{name}: {found.stdout}{found.stderr}"
        assert f'"{name[:-2]} - ' in found.stdout
