"""Cautions that rest on a blood count or a liver enzyme."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from decision.catalog.ra_biologic_response.derive.select import (
    FINAL,
    as_recent,
    on_record,
)
from decision.catalog.ra_biologic_response.thresholds import lookback
from decision.catalog.ra_biologic_response.triggers.signs import (
    Sign,
    absent,
    not_found,
    present,
)
from decision.clinical.quantities import Quantity
from decision.clinical.record import Observation, PatientRecord
from decision.clinical.spec import DecisionSpec, Presence, Severity

_PRELIMINARY = "preliminary"


@dataclass(frozen=True, slots=True)
class Result:
    """A number with its unit, and the result it is from."""

    quantity: Quantity
    observation: Observation

    @property
    def words(self) -> str:
        number = f"{self.quantity.comparator}{round(self.quantity.value, 2):g}"
        shown = f"{number} {self.quantity.unit.replace('10*9', '×10⁹')}"
        early = " (preliminary)" if self.observation.status == _PRELIMINARY else ""
        return f"{shown} on {self.observation.effective.day_text}{early}"


def below(quantity: Quantity, limit: float) -> bool | None:
    """Whether the value is below the limit; None where `<3` or `>1` leaves it open."""
    if quantity.comparator.startswith("<"):
        return True if quantity.value <= limit else None
    if quantity.comparator.startswith(">"):
        return False if quantity.value >= limit else None
    return quantity.value < limit


def above(quantity: Quantity, limit: float) -> bool | None:
    """Whether the value is above the limit; None where a comparator leaves it open."""
    if quantity.comparator.startswith("<"):
        return False if quantity.value <= limit else None
    if quantity.comparator.startswith(">"):
        return True if quantity.value >= limit else None
    return quantity.value > limit


Judge = Callable[[Result], Sign | None]
"""A present or absent sign, or None where the result leaves the question open."""


def judged(
    record: PatientRecord, spec: DecisionSpec, concept: str, unit: str, judge: Judge
) -> Sign:
    """The newest result within its look-back; of several equally recent, the one that warns.

    A preliminary result may warn, but never reassure.
    """
    limit = lookback("caution_blood")
    name = concept.upper() if len(concept) == 3 else concept.capitalize()
    newest: Result | None = None
    reassuring: Sign | None = None
    stale = ""
    for observation in on_record(record, spec.codelists[concept]):
        value = observation.value
        early = observation.status == _PRELIMINARY
        if not isinstance(value, Quantity) or value.unit != unit:
            continue
        if not early and observation.status not in FINAL:
            continue
        if newest and not as_recent(observation.effective, newest.observation.effective):
            break
        if not observation.effective.within(limit, record.as_of):
            stale = stale or f"; the latest is of {observation.effective.day_text}, too old"
            break
        result = Result(value, observation)
        sign = judge(result)
        if sign is None:
            continue
        if early and sign.presence is Presence.ABSENT:
            stale = f"; only a preliminary result of {observation.effective.day_text}"
            continue
        if sign.presence is Presence.PRESENT:
            return sign
        newest = newest or result
        reassuring = reassuring or sign
    return reassuring or not_found(f"{name} not found{stale}")


def low_neutrophils(record: PatientRecord, spec: DecisionSpec) -> tuple[Sign, ...]:
    """Below 2.0 stops an IL-6 inhibitor; below 1.5 is a caution with a TNF inhibitor too."""
    limit, lower = spec.thresholds["neutrophils_il6i"], spec.thresholds["neutrophils_tnfi"]

    def judge(result: Result) -> Sign | None:
        low = below(result.quantity, limit.value)
        reference = result.observation.source.reference
        if not low:
            words = f"Neutrophils {result.words}, not below {limit.value}"
            return None if low is None else absent(words, reference)
        very_low = below(result.quantity, lower.value) is not False
        return present(
            f"Neutrophils {result.words}, below {limit.value}",
            reference,
            severity={"tnfi": Severity.CAUTION if very_low else Severity.NONE},
        )

    return (judged(record, spec, "neutrophils", limit.unit, judge),)


def low_platelets(record: PatientRecord, spec: DecisionSpec) -> tuple[Sign, ...]:
    """Below 100 stops an IL-6 inhibitor; from 100 to 150 only sarilumab's label objects."""
    tocilizumab = spec.thresholds["platelets_tocilizumab"]
    sarilumab = spec.thresholds["platelets_sarilumab"]

    def judge(result: Result) -> Sign | None:
        reference = result.observation.source.reference
        low = below(result.quantity, sarilumab.value)
        if not low:
            words = f"Platelets {result.words}, not below {sarilumab.value:g}"
            return None if low is None else absent(words, reference)
        if below(result.quantity, tocilizumab.value) is not False:
            words = f"Platelets {result.words}, below {tocilizumab.value:g}"
            return present(words, reference)
        words = f"Platelets {result.words}, below {sarilumab.value:g}: sarilumab's limit only"
        return present(words, reference, severity={"il6i": Severity.CAUTION})

    return (judged(record, spec, "platelets", tocilizumab.unit, judge),)


def raised_liver_enzymes(record: PatientRecord, spec: DecisionSpec) -> tuple[Sign, ...]:
    """ALT or AST against the laboratory's own limit; an assumed limit warns, it never stops."""
    multiple = spec.thresholds["liver_enzyme_multiple"].value
    assumed = spec.thresholds["liver_enzyme_assumed_uln"]

    def judge_as(name: str) -> Judge:
        def judge(result: Result) -> Sign | None:
            limits = result.observation.reference_range
            own = limits.high if limits is not None else None
            upper = assumed.value if own is None else own
            source = f"the upper limit {upper:g}" + (
                ", assumed: none reported" if own is None else ""
            )
            reference = result.observation.source.reference
            high = above(result.quantity, multiple * upper)
            if not high:
                words = f"{name} {result.words}, not above {multiple:g} times {source}"
                return None if high is None else absent(words, reference)
            words = f"{name} {result.words}, above {multiple:g} times {source}"
            return present(
                words, reference, severity={"il6i": Severity.CAUTION} if own is None else None
            )

        return judge

    return tuple(
        judged(record, spec, concept, assumed.unit, judge_as(concept.upper()))
        for concept in ("alt", "ast")
    )
