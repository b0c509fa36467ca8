"""bundle.py OUTPUT VERSION SOURCE...: makes one executable file of a Python package, the same for the same sources."""

import os
import sys
import zipfile

LAUNCHER = "import sys\nfrom zevi_catalogue.__main__ import main\nsys.exit(main(sys.argv[1:]))\n"


def add(archive, name, text):
    archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), text)


def main(output, version, sources):
    with open(output, "wb") as file:
        file.write(b"#!/usr/bin/python3\n")
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            add(archive, "__main__.py", LAUNCHER)
            add(archive, "zevi_catalogue/version.py", f'VERSION = "{version}"\n')
            for source in sources:
                with open(source, encoding="utf-8") as text:
                    add(archive, "zevi_catalogue/" + os.path.basename(source), text.read())
    os.chmod(output, 0o755)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3:])
