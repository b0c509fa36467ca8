import os
import subprocess
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def build_dir() -> Path:
    return Path(os.environ["ZEVI_BUILD_DIR"])


@pytest.fixture(scope="session")
def installed(build_dir, tmp_path_factory):
    """The tree that `meson install` makes, below its prefix."""
    destdir = tmp_path_factory.mktemp("destdir")
    subprocess.run(
        ["/usr/bin/meson", "install", "-C", build_dir, "--no-rebuild", "--quiet", "--destdir", destdir],
        check=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    return Installed(destdir)


class Installed:
    def __init__(self, destdir: Path) -> None:
        self.destdir = destdir
        self.pkgconfig_dir = next(destdir.rglob("*.pc")).parent
        self.include_dir = next(destdir.rglob("include"))
        self.lib_dir = self.pkgconfig_dir.parent

    def pkg_config(self, *arguments: str):
        env = dict(os.environ, PKG_CONFIG_PATH=str(self.pkgconfig_dir), PKG_CONFIG_SYSROOT_DIR=str(self.destdir))
        run = subprocess.run(["pkg-config", *arguments], env=env, capture_output=True, text=True, check=True)
        # The sysroot is in front of the system's own headers too, which aren't there.
        return [flag.replace(f"-I{self.destdir}/usr/include", "-I/usr/include") for flag in run.stdout.split()]

    def run(self, program: Path, *arguments: object) -> str:
        env = dict(os.environ, LD_LIBRARY_PATH=str(self.lib_dir))
        return subprocess.run([program, *arguments], env=env, capture_output=True, text=True, check=True).stdout


@pytest.fixture
def compile_program(installed, tmp_path):
    """`compile_program(SOURCE_TEXT, "c" or "cpp", PACKAGE)` gives the program built with the installed PACKAGE alone."""

    def build(source: str, language: str, package: str) -> Path:
        file = tmp_path / f"program.{language}"
        file.write_text(source)
        program = tmp_path / "program"
        compiler = ["gcc", "-std=c11"] if language == "c" else ["g++", "-std=c++20"]
        flags = installed.pkg_config("--cflags", "--libs", package)
        warnings = ["-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wshadow", "-Werror"]
        done = subprocess.run(
            [*compiler, *warnings, file, "-o", program, *flags, f"-Wl,-rpath-link,{installed.lib_dir}"],
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        return program

    return build
