"""Sentences about the record that can be taken away."""

from __future__ import annotations

TITLE = "Record to keep"
PDF = "Record as PDF"
JSON = "Record as data (JSON)"
NOTE = "One file of what this page shows. Taking it is written to the audit trail."
NO_RECORD = (
    "No record was made.",
    "This page is not open any more, or never was.",
    "Open the patient again and take the record from there.",
)
CHANGED = (
    "No record was made: the answer has changed since.",
    "A record holds what is on the screen, and this page shows an older answer.",
    "Go back, read the new answer, and take the record again.",
)
NO_AUDIT = (
    "No record was made: the audit entry could not be written.",
    "Nothing leaves without a trail.",
)
BROKEN = (
    "No record was made.",
    "Something in this service is broken.",
    "Tell whoever runs it; its log names the kind of error.",
)
NO_PAGE = (
    "No record was made: the page could not be drawn.",
    "Nothing was taken away, and nothing was written to the trail.",
)
BACK = "Back to the patient"
FORMS = {"pdf": "PDF", "json": "JSON"}


def taken(form: str, digest: str) -> str:
    """One line of the trail: in which form, and how to know the file again."""
    return f"record as {FORMS.get(form, form)}; SHA-256 {digest[:12]}"
