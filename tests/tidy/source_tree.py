"""The files of the source tree, as Git lists them."""

import subprocess
from functools import lru_cache
from pathlib import Path
from typing import List, Tuple

root = Path(__file__).resolve().parents[2]


@lru_cache(maxsize=None)
def tracked_files() -> Tuple[Path, ...]:
    """Relative to `root`: what Git knows and what it would take in, without what it ignores."""
    listing = subprocess.run(
        ["git", "-c", f"safe.directory={root}", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=root,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    return tuple(sorted(Path(p) for p in set(listing.split("\0")) if p and (root / p).is_file()))


def files_ending(*suffixes: str, below: str = ".") -> List[Path]:
    return [p for p in tracked_files() if p.suffix in suffixes and p.is_relative_to(below)]


def text_of(path: Path) -> str:
    return (root / path).read_text()
