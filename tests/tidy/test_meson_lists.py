"""Meson knows every source file."""

from pathlib import Path

from source_tree import files_ending, root, text_of, tracked_files


def _listed(source: Path) -> bool:
    """Whether the meson.build of its folder, or of one above it, names the file relative to itself."""
    for folder in source.parents:
        build = root / folder / "meson.build"
        if not build.is_file():
            continue
        name = source.relative_to(folder)
        text = build.read_text()
        # Lists of examples and tests name the files without their ending.
        if f"'{name}'" in text or f"'{name.with_suffix('')}'" in text:
            return True
    return False


def test_every_c_and_cpp_source_is_listed():
    assert not [str(p) for p in files_ending(".c", ".cpp") if not _listed(p)]


def test_every_system_test_is_listed():
    listed = text_of(Path("tests/system/meson.build"))
    tests = [p for p in tracked_files() if p.parent == Path("tests/system") and p.name.startswith("test_")]
    assert not [str(p) for p in tests if f"'{p.stem}'" not in listed]
