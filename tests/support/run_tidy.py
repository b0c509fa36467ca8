#!/usr/bin/python3
"""Runs clang-tidy over the sources of a build, some at a time, and prints only what it finds.

    run_tidy.py BUILD_DIR [FILE]...
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import List, Optional

root = Path(__file__).resolve().parents[2]


def sources(build_dir: Path, chosen: List[str]) -> List[Path]:
    """What the build compiles of the tree, tests excepted, or those of `chosen`."""
    entries = json.loads((build_dir / "compile_commands.json").read_text())
    files = {(Path(e["directory"]) / e["file"]).resolve() for e in entries}
    ours = sorted(f for f in files if f.is_relative_to(root) and not f.is_relative_to(build_dir))
    if not chosen:
        return [f for f in ours if f.relative_to(root).parts[0] != "tests"]
    wanted = {Path(c).resolve() for c in chosen}
    unknown = wanted - set(ours)
    if unknown:
        sys.exit(f"run_tidy.py: error: not compiled by the build: {', '.join(map(str, sorted(unknown)))}")
    return sorted(wanted)


def findings(build_dir: Path, source: Path) -> Optional[str]:
    """What clang-tidy says of a source if it is not content."""
    done = subprocess.run(
        # The flags are GCC's; what clang does not know of them is no finding.
        ["clang-tidy", "--quiet", "-p", build_dir, "--extra-arg=-Wno-unknown-warning-option", source],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    return None if done.returncode == 0 else done.stdout or f"{source}: clang-tidy failed\n"


def main(arguments: List[str]) -> int:
    build_dir = Path(arguments[0]).resolve()
    files = sources(build_dir, arguments[1:])
    failed = 0
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for found in pool.map(lambda source: findings(build_dir, source), files):
            if found:
                failed += 1
                print(found, end="", flush=True)
    print(f"clang-tidy: {len(files) - failed} of {len(files)} sources are clean", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
