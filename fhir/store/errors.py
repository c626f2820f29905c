"""What can go wrong with what is kept here."""

from __future__ import annotations

from decision.clinical.errors import AuditError


class StoreError(AuditError):
    """The store cannot be opened, written or read. Names no value, and a URL only by its kind."""
