"""Whether a Bundle of search results is what it seems: a malformed one may hide a result."""

from __future__ import annotations

from collections.abc import Iterable

from fhir.fields import Json, child, children, text

INCLUDED = frozenset({"Medication"})
"""Types that our searches ask to be sent along."""


def flaw(bundle: Json, kind: str) -> str:
    """Why results of that type may be missing although the Bundle can be read, as a clause; "" for
    one that is as it should be.
    """
    for name in ("entry", "link"):
        listed = bundle.get(name, [])
        if not isinstance(listed, list) or not all(isinstance(item, dict) for item in listed):
            return f"its {name} is no list of objects"
    if not all(text(link, "relation") for link in children(bundle, "link")):
        return "a link does not say where it leads"
    for item in children(bundle, "entry"):
        found = text(child(item, "resource"), "resourceType")
        mode = text(child(item, "search"), "mode")
        if not found and mode != "outcome":
            return "an entry holds no resource"
        if found not in (kind, "OperationOutcome", *INCLUDED) and mode not in (
            "include",
            "outcome",
        ):
            return "it holds resources of a type that was not asked for"
    total = bundle.get("total", 0)
    if not isinstance(total, int) or isinstance(total, bool) or total < 0:
        return "its total is no number"
    return ""


def counted(entries: Iterable[Json], kind: str) -> int:
    """How many of the entries a server may have counted in `total`: what was found, and what it
    said of the search, which some count too.
    """
    resources = (text(child(item, "resource"), "resourceType") for item in entries)
    return sum(found in (kind, "OperationOutcome") for found in resources)


def short(bundle: Json, arrived: int) -> bool:
    """Whether the server says that it found more than that. What it says of fewer means nothing:
    servers count what they do not send along.
    """
    total = bundle.get("total", 0)
    return isinstance(total, int) and total > arrived
