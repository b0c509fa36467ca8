"""The program zevi-catalogue, as the build made it."""

import json
import os
import pathlib
import subprocess

import pytest

PROGRAM = os.environ["ZEVI_CATALOGUE"]
ROOT = pathlib.Path(__file__).resolve().parents[3]
DATA = ROOT / "tests" / "data"
CATALOGUES = [ROOT / "schema" / "catalogue" / name for name in ("core.json", "opensips-modules.json", "broker.json")]
FAULTS = json.loads((DATA / "catalogue-faults.json").read_text())


def run(*arguments):
    return subprocess.run([PROGRAM, *map(str, arguments)], capture_output=True, text=True, timeout=30)


def check(tmp_path, text):
    path = tmp_path / "site.json"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return run("check", path)


def test_the_catalogues_that_are_installed_have_no_faults():
    result = run("check", *CATALOGUES, DATA / "site-catalogue.json")
    assert (result.returncode, result.stderr) == (0, "")
    assert "core.json: 9 events, no faults" in result.stdout
    assert "opensips-modules.json: 54 events, no faults" in result.stdout


@pytest.fixture(scope="module")
def first_faults(tmp_path_factory):
    """What the program says first about each faulty file, from one run over them all."""
    folder = tmp_path_factory.mktemp("faults")
    paths = [folder / f"{number}.json" for number in range(len(FAULTS))]
    for path, row in zip(paths, FAULTS):
        path.write_text(row["text"] if "text" in row else json.dumps(row["file"]))
    result = run("check", *paths)
    assert (result.returncode, result.stdout) == (1, "")
    lines = result.stderr.splitlines()
    return [next(line for line in lines if line.startswith(f"zevi-catalogue: error: {path}: ")) for path in paths]


@pytest.mark.parametrize("number", range(len(FAULTS)), ids=[row["fault"] for row in FAULTS])
def test_a_fault_is_named_with_its_place_and_what_to_change(first_faults, number):
    for part in FAULTS[number]["says"]:
        assert part in first_faults[number]


@pytest.mark.parametrize("text, says", [
    (b"[" * 1_000_000, "nested deeper than 16"),
    (b" " * (4 * 1024 * 1024 + 1), "larger than 4 MiB"),
    (b'{"zevi_catalogue": 1, "events": [], "doc": "\xff"}', "is not UTF-8"),
    (b'{"zevi_catalogue": 1, "events": [], "doc": "\\ud800"}', "surrogate"),
    (b'{"zevi_catalogue": 1, "events": [' + b",".join([b"0"] * 4097) + b"]}", "4097 events"),
    (b'{"zevi_catalogue": 1' + b"0" * 5000 + b', "events": []}', "error"),
], ids=["deep", "large", "not UTF-8", "half a surrogate pair", "many events", "a long number"])
def test_a_hostile_file_is_refused_without_a_traceback(tmp_path, text, says):
    result = check(tmp_path, text)
    assert result.returncode == 1
    assert says in result.stderr
    assert "Traceback" not in result.stderr


def test_all_faults_of_a_file_are_listed_not_just_the_first(tmp_path):
    result = check(tmp_path, json.dumps({"zevi_catalogue": 1, "events": [
        {"name": "A", "doc": "d", "params": [{"name": "p", "type": "integer"}, {"name": "q", "type": "text"}]},
        {"name": "B", "params": []}]}))
    lines = result.stderr.splitlines()
    assert len(lines) == 3
    assert "event 'A', param 'p'" in lines[0] and "event 'A', param 'q'" in lines[1] and "event 'B'" in lines[2]


def test_an_event_that_two_files_describe_is_a_fault_that_names_both(tmp_path):
    path = tmp_path / "site.json"
    path.write_text('{"zevi_catalogue": 1, "events": [{"name": "E_CORE_LOG", "doc": "d", "params": []}]}')
    result = run("check", CATALOGUES[0], path)
    assert result.returncode == 1
    assert f"{path}: event 'E_CORE_LOG': is in {CATALOGUES[0]} too" in result.stderr


def test_the_committed_documentation_is_what_the_catalogues_say():
    result = run("docs", *CATALOGUES)
    assert result.returncode == 0
    assert result.stdout == (ROOT / "docs" / "events.md").read_text(), (
        "make it anew: zevi-catalogue docs schema/catalogue/core.json schema/catalogue/opensips-modules.json"
        " schema/catalogue/broker.json -o docs/events.md")


def test_documentation_names_every_event_and_parameter_of_a_sites_own_file():
    page = run("docs", DATA / "site-catalogue.json").stdout
    assert "## SITE_CHARGED" in page
    assert "| `rating` | double |  | optional, nullable |" in page
    assert "Values: `true` paid before; `false`." in page
    assert r"a \| and a" in page
    assert "Other parameters than these can be there." in page


def test_structs_are_written_to_the_file_that_is_asked_for(tmp_path):
    header = tmp_path / "events.hpp"
    assert run("c++", "--namespace", "a::b", DATA / "site-catalogue.json", "-o", header).returncode == 0
    text = header.read_text()
    assert "namespace a::b {" in text and "struct SITE_CHARGED {" in text
    assert text == run("c++", "--namespace", "a::b", DATA / "site-catalogue.json").stdout


def test_nothing_is_written_when_a_file_has_a_fault(tmp_path):
    (tmp_path / "site.json").write_text("{}")
    assert run("c++", tmp_path / "site.json", "-o", tmp_path / "events.hpp").returncode == 1
    assert not (tmp_path / "events.hpp").exists()


def test_a_file_that_cannot_be_read_or_written_is_named_with_the_reason(tmp_path):
    result = run("check", "/nonexistent.json")
    assert result.returncode == 1
    assert "error: /nonexistent.json: cannot be read: No such file or directory" in result.stderr
    result = run("docs", CATALOGUES[0], "-o", tmp_path / "no" / "page.md")
    assert result.returncode == 1
    assert "page.md: No such file or directory" in result.stderr


def test_wrong_usage_ends_with_2_and_help_and_version_with_0():
    assert run().returncode == 2
    assert run("check").returncode == 2
    assert run("c++", "--namespace", "3x", CATALOGUES[0]).returncode == 2
    assert run("--help").returncode == 0
    version = run("--version")
    assert version.returncode == 0
    assert version.stdout.startswith("zevi-catalogue ")


def test_it_says_in_one_line_what_it_is_for_since_zevi_help_asks():
    result = run("--summary")
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout == "Checks event catalogues and makes C++ structs and documentation of them\n"


def test_the_readmes_example_is_a_catalogue_without_faults(tmp_path):
    readme = (ROOT / "schema" / "catalogue" / "README.md").read_text()
    example = readme.split("```json\n")[1].split("```")[0]
    result = check(tmp_path, example)
    assert (result.returncode, result.stderr) == (0, "")


@pytest.mark.parametrize("compiler", ["g++", "clang++-14"])
def test_structs_compile_without_a_warning(tmp_path, compiler):
    if subprocess.run(["which", compiler], capture_output=True).returncode != 0:
        pytest.skip(f"{compiler} is not installed")
    (tmp_path / "zevi").mkdir()
    for name, namespace, paths in [("zevi/events.hpp", "zevi", CATALOGUES),
                                   ("site.hpp", "site", [DATA / "site-catalogue.json"])]:
        assert run("c++", "--namespace", namespace, *paths, "-o", tmp_path / name).returncode == 0
    (tmp_path / "main.cpp").write_text("""
        #include "zevi/events.hpp"
        #include "site.hpp"
        int main() {
          const zevi::E_CORE_LOG log{.time = "t", .pid = 1, .level = "INFO", .message = "m"};
          std::uint8_t room[256];
          if (log.encoded_bytes_max() > sizeof(room)) return 2;
          const std::uint8_t* const end = log.encode(room);
          const std::string_view params(reinterpret_cast<const char*>(room), static_cast<std::size_t>(end - room));
          zevi::E_CORE_LOG back;
          site::SITE_CHARGED other;
          return zevi::E_CORE_LOG::decode(params, back) && back == log && !site::SITE_CHARGED::decode(params, other) ? 0 : 1;
        }""")
    built = subprocess.run([compiler, "-std=c++20", "-O1", "-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wshadow",
                            "-Werror", "-I", tmp_path, "-I", ROOT / "schema" / "include", tmp_path / "main.cpp",
                            "-o", tmp_path / "main"], capture_output=True, text=True, timeout=120)
    assert built.returncode == 0, built.stderr
    assert subprocess.run([tmp_path / "main"], timeout=30).returncode == 0
