"""Time is passed in: only the composition root reads the machine's."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

Clock = Callable[[], datetime]
"""The present moment, with its zone."""
