"""What goes wrong at set-up."""

from __future__ import annotations


class Error(Exception):
    """A topic, option or endpoint that cannot be used; the text says which, why, and what to do."""
