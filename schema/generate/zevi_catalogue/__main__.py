"""The program `zevi-catalogue`."""

import argparse
import os
import re
import sys

from . import builtin, cpp, markdown, reader

try:
    from .version import VERSION
except ImportError:  # run from the source tree
    VERSION = "from source"

NAMESPACE = re.compile(r"[A-Za-z][A-Za-z0-9_]*(::[A-Za-z][A-Za-z0-9_]*)*\Z")

EPILOG = """\
A catalogue file describes events: their names, parameters and what those mean, as JSON.
Its format is in the README.md beside the catalogues that Zevi installs.

  zevi-catalogue check site.json                                    is it right?
  zevi-catalogue c++ --namespace site site.json -o site_events.hpp  structs for publishers and subscribers
  zevi-catalogue docs site.json -o site-events.md                   a page for people

Exit codes: 0 done, 1 a file is wrong or cannot be written, 2 wrong usage.
"""


def main(arguments):
    options = parse(arguments)
    try:
        catalogues = reader.read(options.files)
        if options.verb == "check":
            for catalogue in catalogues:
                print(f"{catalogue.path}: {len(catalogue.events)} events, no faults")
        elif options.verb == "c++":
            write(options.output, cpp.generate(catalogues, options.namespace))
        elif options.verb == "docs":
            names = [os.path.basename(path) for path in options.files]
            write(options.output, markdown.generate(catalogues, names))
        else:
            write(options.output, builtin.generate(options.files))
    except reader.CatalogueError as error:
        for fault in error.faults:
            print(f"zevi-catalogue: error: {fault}", file=sys.stderr)
        return 1
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except OSError as error:
        print(f"zevi-catalogue: error: cannot write {error.filename}: {error.strerror}", file=sys.stderr)
        return 1
    return 0


def parse(arguments):
    parser = argparse.ArgumentParser(
        prog="zevi-catalogue", description="Checks event catalogues and makes C++ structs and documentation of them.",
        epilog=EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-V", "--version", action="version", version=f"zevi-catalogue {VERSION}")
    parser.add_argument("--summary", action="version", version=parser.description.rstrip("."),
                        help=argparse.SUPPRESS)  # for `zevi help`
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="check | c++ | docs")
    files = argparse.ArgumentParser(add_help=False)
    files.add_argument("files", nargs="+", metavar="FILE", help="catalogue file")
    output = argparse.ArgumentParser(add_help=False)
    output.add_argument("-o", "--output", metavar="FILE", help="write to this file instead of standard output")
    verbs.add_parser("check", parents=[files], help="say what is wrong with catalogue files")
    cpp_verb = verbs.add_parser("c++", parents=[files, output], help="make a C++ header with a struct for each event")
    cpp_verb.add_argument("--namespace", type=namespace, default="zevi", metavar="NAME",
                          help="C++ namespace of the structs (default: zevi)")
    verbs.add_parser("docs", parents=[files, output], help="make a Markdown page")
    verbs.add_parser("builtin", parents=[files, output])  # for Zevi's own build
    return parser.parse_args(arguments)


def namespace(text):
    if not NAMESPACE.match(text):
        raise argparse.ArgumentTypeError(f"'{text}' is no C++ namespace; use a name such as site or site::events")
    return text


def write(path, text):
    if path is None:
        sys.stdout.write(text)
        sys.stdout.flush()
        return
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
