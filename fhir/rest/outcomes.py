"""What an OperationOutcome says, in the standard's closed words: its free text may name a patient.

Codes: HL7 FHIR R4 value sets issue-severity and issue-type.
"""

from __future__ import annotations

from fhir.fields import Json, children, text

SEVERITIES = ("fatal", "error", "warning", "information")
_TYPES = frozenset(
    "invalid structure required value invariant security login unknown expired forbidden"
    " suppressed processing not-supported duplicate multiple-matches not-found deleted too-long"
    " code-invalid extension too-costly business-rule conflict transient lock-error no-store"
    " exception timeout incomplete throttled informational".split()
)


def said(resource: object) -> tuple[str, ...]:
    """`error not-found` for each issue, each once; what is not of the standard is `unknown`."""
    if not isinstance(resource, dict) or text(resource, "resourceType") != "OperationOutcome":
        return ()
    return tuple(dict.fromkeys(_words(issue) for issue in children(resource, "issue")))


def failed(words: str) -> bool:
    """Whether such words tell of a failure, not of a warning or a remark."""
    return words.startswith(("fatal", "error"))


def _words(issue: Json) -> str:
    severity, kind = text(issue, "severity"), text(issue, "code")
    worst = severity if severity in SEVERITIES else "error"
    return f"{worst} {kind if kind in _TYPES else 'unknown'}"
