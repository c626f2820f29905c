"""What may be written to one chart: what its tenant asked for, the launch was granted and the
server offers. Everything that stands in the way is said in words.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

from decision.clinical.assessment import Card, ComparisonCard
from fhir.fields import Json
from fhir.rest.capabilities import creates_conditionally, offers, searches_by
from fhir.write.launched import Launched

KINDS = ("RiskAssessment", "DocumentReference", "AuditEvent")
"""About a decision, in the order in which they are written: each may refer to those before it."""
WORDS = {
    "RiskAssessment": "the estimates with their ranges and sources, as a risk assessment",
    "DocumentReference": "the record of this page with your decision, as a document",
    "AuditEvent": "an entry in the chart's own audit log",
    "Observation": "the values that you entered, as results",
}
_OFFERED = ("DocumentReference", "RiskAssessment", "AuditEvent")
"""In the order in which they are said: the decision first."""
_PROFESSIONALS = ("Practitioner/", "PractitionerRole/")
"""Who may perform a RiskAssessment or an Observation in R4, of those whom a launch can name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ability:
    """What a server says it does with one resource type."""

    create: bool = False
    conditional: bool = False
    """It makes nothing where the identifier is there already (`If-None-Exist`)."""
    owner: str = ""
    """The parameter by which it finds what is about one patient; "" where it has none."""
    by_identifier: bool = False


def offered(kinds: Collection[str], chosen: str, card: Card | None) -> tuple[str, ...]:
    """One line for each kind that would be written about a card; `chosen` is what was decided, in
    words.
    """
    drug = f" ({chosen})" if chosen else ""
    words = {
        "DocumentReference": f"Document: your decision{drug} with what this page showed.",
        "RiskAssessment": f"Risk assessment: {_estimates(card)}.",
        "AuditEvent": "Audit log: that you did this.",
    }
    return tuple(words[kind] for kind in _OFFERED if kind in kinds)


def _estimates(card: Card | None) -> str:
    """`both estimates with ranges (simulated)`, or `the risks at 1, 2 and 5 years with ...`."""
    if card is None:
        return "the estimates with ranges"
    what = "both estimates"
    if not isinstance(card, ComparisonCard):
        *first, last = (f"{risk.years:g}" for risk in card.answer.risks)
        years = f"{', '.join(first)} and {last}" if first else last
        plural = "" if years == "1" else "s"
        what = f"the risk{'s' if first else ''} at {years} year{plural}"
    return f"{what} with ranges{' (simulated)' if card.model.simulated else ''}"


def ability(statement: Json, kind: str) -> Ability:
    """Read from a CapabilityStatement; a type that it does not list is not offered."""
    searches = offers(statement, kind, "search-type")
    owners = [name for name in ("patient", "subject") if searches_by(statement, kind, name)]
    by_identifier = searches_by(statement, kind, "identifier")
    return Ability(
        create=offers(statement, kind, "create"),
        conditional=creates_conditionally(statement, kind) and by_identifier,
        owner=owners[0] if searches and owners else "",
        by_identifier=by_identifier,
    )


def findable(offered_here: Ability, may_search: bool) -> bool:
    """Whether none is filed twice: the server refuses a second one, or we can look first."""
    return offered_here.conditional or (bool(offered_here.owner) and may_search)


def why_not(
    kind: str,
    launched: Launched,
    may: Callable[[str, str], bool],
    statement: Json | None,
    *,
    keeping: bool = False,
) -> str:
    """What stands in the way of writing this kind of resource; empty where nothing does.

    `statement` is the server's CapabilityStatement, None where it could not be had: that is no
    reason where the resource is only to be kept for later (`keeping`).
    """
    words = WORDS[kind]
    if kind not in launched.kinds:
        return f"Writing {words} is not switched on for this chart."
    if not launched.fhir_user.startswith(_PROFESSIONALS):
        return f"Not written: {words}. The chart did not name a clinician who is signed in."
    if not may(kind, "c"):
        return f"Not written: {words}. The chart did not permit it."
    if statement is None and keeping:
        return ""
    if statement is None:
        return f"Not written: {words}. The chart's server did not say whether it takes that."
    if not ability(statement, kind).create:
        return f"Not written: {words}. The chart's server does not take that."
    return ""
