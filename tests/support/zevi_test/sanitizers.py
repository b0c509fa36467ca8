"""What cannot be tested in a build with sanitizers, or needs an environment of its own there."""

from __future__ import annotations

import os

import pytest

#: GCC's sanitizers hold locks of their own while memory is allocated, and keep them across a fork: the child of a worker
#: whose threads are at work may wait for them for ever. And in a child that ends by exit() they take what the parent's
#: threads have on their stacks for leaks.
not_forking_while_publishing = pytest.mark.skipif(
    os.environ.get("ZEVI_SANITIZERS", "none") != "none", reason="a sanitizer's own locks do not survive a fork"
)

#: For a program whose memory is looked at: the address sanitizer keeps 256 MB of what was freed unless told otherwise.
keeping_little_freed = {"ASAN_OPTIONS": ":".join(filter(None, [os.environ.get("ASAN_OPTIONS"), "quarantine_size_mb=4"]))}
