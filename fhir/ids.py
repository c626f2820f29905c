"""Ids, names of resource types and relative references of FHIR R4, by one rule for all of fhir/.

R4 lets an id be `.` or `..`. Put into an address either leads out of the path, so nothing that is
only dots is taken for an id, wherever it comes from.
"""

from __future__ import annotations

import re

KIND = r"[A-Z][A-Za-z]{1,40}"
ID = r"(?!\.+(?![A-Za-z0-9.\-]))[A-Za-z0-9.\-]{1,64}"
"""Parts of patterns; each holds no group."""
ONE_ID = re.compile(ID)
_KIND = re.compile(KIND)
_REFERENCE = re.compile(f"({KIND})/({ID})")


def is_kind(kind: str) -> bool:
    """Whether that may be the name of a resource type."""
    return _KIND.fullmatch(kind) is not None


def is_id(identity: str) -> bool:
    """Whether that is a FHIR id which cannot lead out of the path it is put into."""
    return ONE_ID.fullmatch(identity) is not None


def kind_of(reference: str) -> str:
    """The type in a relative reference, `Practitioner` of `Practitioner/1`; "" for anything that
    is none.
    """
    found = _REFERENCE.fullmatch(reference)
    return found[1] if found else ""
