"""What the Python library can do."""

from __future__ import annotations

import pytest

import zevi

#: Until it can, events that are lost with a killed broker cannot be accounted for, and it gives up a broker that stands still.
tells_of_losses_with_broker = pytest.mark.skipif(
    not hasattr(zevi.Lost, "p_from"), reason="the library does not tell of events that were lost with a broker"
)
