"""Meson knows every source file."""

import os
import re
from functools import lru_cache
from pathlib import Path
from typing import Set

import pytest
from source_tree import files_ending, text_of, tracked_files


@lru_cache(maxsize=None)
def _named_in_meson() -> Set[str]:
    """What the strings of all meson.build mean if they are names of files, relative to the root."""
    return {
        os.path.normpath(build.parent / name)
        for build in tracked_files()
        if build.name == "meson.build"
        for name in re.findall(r"'([^'\n]+)'", text_of(build))
    }


def _listed(source: Path) -> bool:
    # Lists of examples and tests name the files without their ending.
    return not _named_in_meson().isdisjoint({str(source), str(source.with_suffix(""))})


def test_every_c_and_cpp_source_is_listed():
    assert not [str(p) for p in files_ending(".c", ".cpp") if not _listed(p)]


@pytest.mark.parametrize("folder", ["tests/system", "tests/fault"])
def test_every_test_with_real_processes_is_listed(folder):
    listed = text_of(Path(folder) / "meson.build")
    tests = [p for p in tracked_files() if p.parent == Path(folder) and p.name.startswith("test_")]
    assert not [str(p) for p in tests if f"'{p.stem}'" not in listed]


def test_every_module_of_the_python_package_is_installed():
    package = Path("subscribers/python/zevi")
    assert not [str(p) for p in tracked_files() if p.parent == package and not _listed(p)]
