"""One fact said twice is one fact; two results that disagree are a conflict, and neither wins."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from typing import TypeVar

from decision.clinical.codes import LOCAL, Code
from decision.clinical.quantities import Quantity
from decision.clinical.record import (
    Condition,
    IssueKind,
    MedicationExposure,
    Observation,
)
from fhir.doubts import Doubts
from fhir.fields import Json, child, text
from fhir.losses import lose
from fhir.references import Entry
from fhir.units import TESTS, known

Fact = TypeVar("Fact", Observation, Condition, MedicationExposure)


def one_version_each(entries: Iterable[Entry], home: str, doubts: Doubts) -> list[Entry]:
    """One entry per server, type and id; `home` is the server of what names none. Of two versions
    the one updated last counts; where nothing says which that is, neither does.
    """
    kept: dict[tuple[str, str], Entry] = {}
    torn: dict[tuple[str, str], list[Json]] = {}
    for entry in entries:
        key = (entry.base or home, entry.reference)
        other = kept.setdefault(key, entry)
        if other is entry:
            continue
        if other.resource == entry.resource:
            _note_duplicate(entry.label, doubts)
            continue
        updated = [text(child(e.resource, "meta"), "lastUpdated") for e in (other, entry)]
        # versions of one resource come from one server, hence in one zone: they compare as text
        if all(updated) and updated[0] != updated[1]:
            kept[key] = entry if updated[1] > updated[0] else other
            _note_duplicate(entry.label, doubts, "an older version was left out")
        else:
            torn.setdefault(key, [other.resource]).append(entry.resource)
    for (_, reference), versions in sorted(torn.items(), key=lambda item: item[0]):
        doubts.add(
            IssueKind.CONFLICT,
            reference,
            "it is there twice with different content, and neither is used",
            "export the record again, or enter the value",
        )
        lose(versions, doubts)
    return [e for key, e in kept.items() if key not in torn]


def _note_duplicate(
    reference: str, doubts: Doubts, detail: str = "an identical copy was left out"
) -> None:
    doubts.add(IssueKind.DUPLICATE, reference, detail, "nothing to do")


def distinct(
    facts: Iterable[Fact], content: Callable[[Fact], Hashable], doubts: Doubts
) -> list[Fact]:
    """Facts of different content. A copy under another id is left out and noted."""
    kept: dict[Hashable, Fact] = {}
    for fact in facts:
        first = kept.setdefault(content(fact), fact)
        if first is not fact:
            doubts.add(
                IssueKind.DUPLICATE,
                fact.source.reference,
                f"says the same as {first.source.reference} and was left out",
                "nothing to do",
                fact.codes,
            )
    return list(kept.values())


def same_observation(o: Observation) -> Hashable:
    return (_test(o.codes), o.value, o.effective.earliest, o.effective.latest, o.text)


def same_condition(c: Condition) -> Hashable:
    return (c.codes or c.text, c.state, c.onset)


def same_exposure(m: MedicationExposure) -> Hashable:
    return (m.codes or m.text, m.state, m.start, m.end, m.stop_reason)


def _test(codes: tuple[Code, ...]) -> Hashable:
    code = known(codes)
    return TESTS[code.system, code.code].analyte if code else codes


def settle_same_day(observations: Iterable[Observation], doubts: Doubts) -> list[Observation]:
    """Note where one test has different results on one day; keep both, for the page to show.

    A preliminary result gives way to a final one of the same day: that is what preliminary means.
    Tests that no table lists are left alone: some charts file two things under one code.
    """
    days: dict[Hashable, list[Observation]] = {}
    kept = []
    for o in observations:
        if known(o.codes) or any(c.system == LOCAL for c in o.codes):
            days.setdefault((_test(o.codes), o.effective.text[:10]), []).append(o)
        else:
            kept.append(o)
    for same_day in days.values():
        final = [o for o in same_day if o.status != "preliminary"]
        standing = final or same_day
        kept.extend(standing)
        if len(standing) > 1 and len({_number(o) for o in standing}) > 1:
            doubts.add(
                IssueKind.CONFLICT,
                ", ".join(dict.fromkeys(o.source.reference for o in standing)),
                "results of the same test on the same day differ, and neither is used",
                "check which is right and enter it",
                standing[0].codes,
            )
    return kept


def _number(o: Observation) -> Hashable:
    if isinstance(o.value, Quantity):
        return (float(f"{o.value.value:.9g}"), o.value.unit, o.value.comparator)
    return o.value
