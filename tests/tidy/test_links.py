"""Links between the pages lead somewhere."""

import re
from pathlib import Path
from typing import Set

from source_tree import files_ending, root, text_of

_link = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_fence = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)


def _anchors(page: Path) -> Set[str]:
    """The anchors that GitHub gives the headings of a page."""
    anchors = set()
    for heading in re.findall(r"^#+ +(.*)$", _fence.sub("", page.read_text()), re.MULTILINE):
        plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).strip().lower()
        anchors.add(re.sub(r"[^\w\- ]", "", plain).replace(" ", "-"))
    return anchors


_link_to_test = re.compile(r"\[`(test_\w+)`\]\(([^)\s#]+[.]py)\)")


def test_links_to_a_test_by_its_name_lead_to_it():
    lost = []
    for page in files_ending(".md"):
        for name, file in _link_to_test.findall(_fence.sub("", text_of(page))):
            path = root / page.parent / file
            if path.exists() and f"def {name}(" not in path.read_text():
                lost.append(f"{page}: there is no {name} in {file}")
    assert not lost


def test_relative_links_resolve():
    broken = []
    for page in files_ending(".md"):
        for target in _link.findall(_fence.sub("", text_of(page))):
            if re.match(r"[a-z]+:", target):
                continue
            name, _, anchor = target.partition("#")
            file = root / page.parent / name if name else root / page
            if not file.exists():
                broken.append(f"{page}: {target}: no such file")
            elif anchor and file.suffix == ".md" and anchor not in _anchors(file):
                broken.append(f"{page}: {target}: no such heading")
    assert not broken
