"""Cyclic garbage is not looked for while one record is read: it makes many objects and no cycles.

Without this a third of the time goes into walking the half-read record again and again. Everything
read is freed by its last reference, as always; what other threads leave behind waits a moment.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def not_collecting() -> Iterator[None]:
    """No automatic collection inside. Whoever switched it off switches it on again, so that it is
    on once the last of several threads has left, in whatever order they do.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
