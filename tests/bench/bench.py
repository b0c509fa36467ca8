#!/usr/bin/python3
"""Behind `./dev bench`: reads the command line, lets the kinds measure, prints their tables and keeps their figures."""

import argparse
import json
import os
import sys
import time
from pathlib import Path
from typing import Any, Dict, List, Optional, Sequence

from zevi_bench import pages
from zevi_bench.kinds import kinds, named
from zevi_bench.processes import BenchError, machine
from zevi_bench.tables import machine_line

_about = """Measures Zevi, and what else one would take, side by side on this machine. Without a kind it measures all of
them, in about half an hour. tests/bench/README.md says what is measured, how, and what would make it unfair."""
commands_of = "./dev bench"


class Parser(argparse.ArgumentParser):
    def error(self, message: str) -> None:
        self.exit(2, f"bench: error: {message.replace('argument ', 'option ', 1)}; see {self.prog} --help\n")


def whole_number(text: str) -> int:
    if not text.isdecimal() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1 on")
    return int(text)


def seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0
    if not 0.05 <= value <= 600:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds from 0.05 to 600")
    return value


def writable(text: str) -> Path:
    path = Path(text)
    if path.is_dir() or not os.access(path if path.exists() else path.parent, os.W_OK):
        raise argparse.ArgumentTypeError(f"{text!r} cannot be written; name a file in a directory where you may write")
    return path


def layout(prog: str) -> argparse.HelpFormatter:
    return argparse.HelpFormatter(prog, max_help_position=26, width=110)


def add_command(commands: Any, name: str, about: str) -> Parser:
    parser = commands.add_parser(name, help=about, description=about[0].upper() + about[1:] + ".", add_help=False,
                                 prog=f"{commands_of} {name}", formatter_class=layout)
    parser.add_argument("--help", action="help", help="show this")
    return parser


def add_kind(commands: Any, name: str, about: str, options: Sequence[str], runs: Optional[int]) -> None:
    parser = add_command(commands, name, about)
    by_default = f"default {runs}" if runs else f"default: {kinds[0].runs} for publish, {kinds[1].runs} for the others"
    if "broker" in options:
        kind = named(name)
        parser.add_argument("--broker", action="append", default=[], metavar="NAME", choices=kind.brokers,
                            help="only this broker; repeatable")
        parser.add_argument("--load", action="append", default=[], metavar="NAME",
                            choices=[load.name for load in kind.loads], help="only this load; repeatable")
    if "list" in options:
        parser.add_argument("--list", action="store_true", help="list the brokers and the loads, measure nothing")
    parser.add_argument("--runs", type=whole_number, default=runs, metavar="N",
                        help=f"show the median of N runs, in which brokers and calls take turns ({by_default})")
    if "seconds" in options:
        parser.add_argument("--seconds", type=seconds, metavar="S", default=3.0,
                            help="how long the publishers of a run publish (default 3)")
    if "quick" in options:
        parser.add_argument("--quick", action="store_true", help="a tenth of the calls, to see that it works")
    if "topics" in options:
        parser.add_argument("--subscribers", type=whole_number, default=100, metavar="N",
                            help="how many subscribers subscribe to each topic (default 100)")
        parser.add_argument("--topics", type=whole_number, default=1000, metavar="N", help="how many topics (default 1000)")
    parser.add_argument("--json", type=writable, metavar="FILE", help="write the figures of every run to FILE")


def command_line() -> argparse.Namespace:
    parser = Parser(prog=commands_of, description=_about, add_help=False, usage=f"{commands_of} [KIND] [OPTION]...",
                    epilog=f"{commands_of} KIND --help shows the options of a kind.", formatter_class=layout)
    parser.add_argument("--help", action="help", help="show this")
    commands = parser.add_subparsers(dest="kind", metavar="KIND", title="kinds")
    for kind in kinds:
        add_kind(commands, kind.name, kind.about, kind.options, kind.runs)
    add_kind(commands, "all", "all of them; the same as no word", ("seconds", "list"), None)
    report = add_command(commands, "report", "write the tables of docs/performance.md, and its chart, from files of --json")
    report.add_argument("file", nargs="+", type=Path, metavar="FILE",
                        help="written by --json; of a kind that several hold, the last one's figures count")
    report.add_argument("--into", type=Path, metavar="DIRECTORY", default=pages.docs,
                        help="where performance.md lies, if not in docs/")
    words = sys.argv[1:]
    return parser.parse_args(words if words and words[0] in (*commands.choices, "--help", "-h") else ["all", *words])


def measure(chosen: Sequence[Any], given: argparse.Namespace) -> None:
    build_dir = Path(os.environ.get("ZEVI_BENCH_BUILD_DIR", "build-bench")).resolve()
    print(machine_line(machine()))
    report: Dict[str, Any] = {"machine": machine(), "date": time.strftime("%Y-%m-%d")}
    for kind in chosen:
        figures = kind.measure(build_dir, given)
        report[kind.name] = figures
        print(f"\n{kind.name}: {kind.legend(figures)}")
        for table in kind.tables(figures):
            print("\n" + table.as_text(), flush=True)
        if given.json:
            given.json.write_text(json.dumps(report, indent=1) + "\n")


def read_reports(files: List[Path]) -> Dict[str, Any]:
    report: Dict[str, Any] = {}
    for file in files:
        try:
            report.update(json.loads(file.read_text()))
        except (OSError, ValueError) as error:
            raise BenchError(f"cannot read {file}: {error}; give a file that ./dev bench --json has written") from error
    return report


def main() -> None:
    given = command_line()
    try:
        if given.kind == "report":
            pages.write(read_reports(given.file), given.into)
            return
        chosen = kinds if given.kind == "all" else [named(given.kind)]
        if getattr(given, "list", False):
            print("\n\n".join(kind.contents() for kind in chosen if "list" in kind.options))
        else:
            measure(chosen, given)
    except BenchError as error:
        sys.exit(f"bench: error: {error}")


if __name__ == "__main__":
    main()
