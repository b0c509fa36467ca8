"""What is installed is whole: every header stands alone, and a C and a C++ program build with nothing else."""

import json
import os
import re
import subprocess
from pathlib import Path

import pytest

_root = Path(__file__).resolve().parents[2]
_installed_files = [
    Path(p) for p in json.loads((Path(os.environ["ZEVI_BUILD_DIR"]) / "meson-info/intro-installed.json").read_text()).values()
]
_headers = sorted(p for p in _installed_files if "/include/" in str(p) and p.suffix in (".h", ".hpp"))
_libraries = sorted(p for p in _installed_files if re.search(r"/lib[^/]+\.so[.\d]*$", str(p)))

_c_program = """
#include <stdio.h>
#include <zevi/publisher.h>

int main(void) {
  zevi_publisher_options options;
  zevi_publisher_options_init(&options);
  puts(zevi_status_text(ZEVI_OK));
  return 0;
}
"""

_publisher_program = """
#include <iostream>
#include <zevi/events.hpp>
#include <zevi/publisher.hpp>

int main() {
  zevi::PublisherOptions options;
  options.endpoint = "ipc:///nonexistent/ingress";
  zevi::Publisher publisher(options);
  std::cout << zevi::text(publisher.topic<zevi::E_CORE_LOG>().publish({})) << "\\n";
}
"""

_broker_program = """
#include <iostream>
#include <zevi/broker.hpp>

int main() {
  zmq::context_t context;
  zevi::BrokerOptions options;
  options.ingress = "inproc://ingress";
  options.stream = "inproc://stream";
  options.events = "inproc://events";
  options.replay = "inproc://replay";
  zevi::Broker broker(options, context);
  broker.start();
  std::cout << broker.ingress() << "\\n";
  broker.stop();
}
"""


def _compile_alone(installed, header: Path, compiler: list) -> None:
    name = str(header).split("/include/", 1)[1]
    # The C interface is one package's; those in C++ ask for its standard, which a C compiler refuses.
    packages = ["zevi-publisher"] if header.suffix == ".h" else sorted(p.stem for p in installed.pkgconfig_dir.glob("*.pc"))
    flags = installed.pkg_config("--cflags", *packages)
    language = "c" if compiler[0] == "gcc" else "c++"
    done = subprocess.run(
        [*compiler, "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-fsyntax-only", *flags, "-x", language, "-"],
        input=f"#include <{name}>\n",
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("header", [h for h in _headers if h.suffix == ".h"], ids=lambda h: h.name)
def test_a_c_header_compiles_alone_in_c11(installed, header):
    _compile_alone(installed, header, ["gcc", "-std=c11"])


@pytest.mark.parametrize("header", _headers, ids=lambda h: str(h).rpartition("/zevi/")[2])
def test_a_header_compiles_alone_in_cpp20(installed, header):
    _compile_alone(installed, header, ["g++", "-std=c++20"])


def test_a_c_program_builds_with_pkg_config_alone(installed, compile_program):
    assert installed.run(compile_program(_c_program, "c", "zevi-publisher")).strip()


def test_a_program_embeds_the_broker_with_pkg_config_alone(installed, compile_program):
    assert installed.run(compile_program(_broker_program, "cpp", "zevi-broker")) == "inproc://ingress\n"


def test_a_cpp_worker_publishes_a_typed_event_with_pkg_config_alone(installed, compile_program):
    assert installed.run(compile_program(_publisher_program, "cpp", "zevi-publisher")).strip()


@pytest.mark.parametrize("example", ["subscriber.cpp", "typed_subscriber.cpp"])
def test_an_example_subscriber_builds_with_pkg_config_alone(compile_program, example):
    compile_program((_root / "subscribers/examples" / example).read_text(), "cpp", "zevi-subscriber")


@pytest.mark.parametrize("example, language", [("worker.c", "c"), ("worker.cpp", "cpp")])
def test_an_example_worker_builds_with_pkg_config_alone(compile_program, example, language):
    compile_program((_root / "publishers/examples" / example).read_text(), language, "zevi-publisher")


@pytest.mark.parametrize("program", [p.name for p in _installed_files if p.parent.name == "bin"])
def test_an_installed_program_tells_its_version(installed, program):
    path = next(p for p in installed.destdir.rglob("bin/*") if p.name == program)
    said = installed.run(path, "--version")
    assert re.fullmatch(rf"{program} \d+\.\d+\.\d+\n", said.replace("zevi ", "zevi-") if "-" in program else said)


@pytest.mark.parametrize("library", _libraries, ids=lambda p: p.name)
def test_a_library_exports_its_interface_alone(installed, library):
    path = installed.destdir / library.relative_to("/")
    listing = subprocess.run(
        ["nm", "-D", "-C", "--defined-only", "--format=posix", path], capture_output=True, text=True, check=True
    ).stdout
    foreign = []
    for line in listing.splitlines():
        name, kind = re.fullmatch(r"(.+) ([A-Za-z]) [0-9a-f]*(?: [0-9a-f]*)?", line).groups()
        ours = re.match(r"(zevi_[a-z]|(?:(?:typeinfo|typeinfo name|vtable) for )?zevi::(?!wire::|pack::|broker::))", name)
        # The standard library's templates are visible wherever they are instantiated; being weak, they do no harm.
        standard = kind in "WVu" and re.search(r"\bstd::|__gnu_cxx::", name)
        if not ours and not standard and kind != "A":
            foreign.append(line)
    assert not foreign
