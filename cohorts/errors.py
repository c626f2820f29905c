"""What can be wrong with a registry export.

DecisionSupportError
└── ExportError            an export that cannot be read: the message names the file
"""

from __future__ import annotations

from decision.clinical.errors import DecisionSupportError


class ExportError(DecisionSupportError):
    """An export that cannot be read as a whole; a single bad chart is counted, not raised."""
