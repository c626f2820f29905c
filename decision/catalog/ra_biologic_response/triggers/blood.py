"""Cautions that rest on a blood count or a liver enzyme."""

from __future__ import annotations

from decision.catalog.ra_biologic_response.thresholds import lookback
from decision.clinical.record import PatientRecord
from decision.clinical.spec import DecisionSpec, Severity
from decision.evidence.measurements import Judge, Result, judged
from decision.evidence.signs import Sign, absent, not_found, present

_SARILUMAB_ONLY = {
    "il6i": "Sarilumab: do not start (US label); repeat the count. Tocilizumab: not below."
}
_ASSUMED = {"il6i": "Compare with the laboratory's own limit, or repeat the test, before starting."}
_WITHIN = lookback("caution_blood")


def low_neutrophils(record: PatientRecord, spec: DecisionSpec) -> tuple[Sign, ...]:
    """Below 2.0 stops an IL-6 inhibitor; below 1.5 is a caution with a TNF inhibitor too."""
    limit, lower = spec.thresholds["neutrophils_il6i"], spec.thresholds["neutrophils_tnfi"]

    def judge(result: Result) -> Sign | None:
        low = result.quantity.below(limit.value)
        reference = result.observation.source.reference
        if not low:
            words = f"{result.words}, not below {limit.value}"
            return None if low is None else absent(words, reference)
        very_low = result.quantity.below(lower.value) is not False
        return present(
            f"{result.words}, below {limit.value}",
            reference,
            severity={"tnfi": Severity.CAUTION if very_low else Severity.NONE},
        )

    return (judged(record, spec, "neutrophils", limit.unit, judge, within=_WITHIN),)


def low_platelets(record: PatientRecord, spec: DecisionSpec) -> tuple[Sign, ...]:
    """Below 100 stops an IL-6 inhibitor; from 100 to 150 only sarilumab's label objects."""
    tocilizumab = spec.thresholds["platelets_tocilizumab"]
    sarilumab = spec.thresholds["platelets_sarilumab"]

    def judge(result: Result) -> Sign | None:
        reference = result.observation.source.reference
        low = result.quantity.below(sarilumab.value)
        if not low:
            words = f"{result.words}, not below {sarilumab.value:g}"
            return None if low is None else absent(words, reference)
        if result.quantity.below(tocilizumab.value) is not False:
            words = f"{result.words}, below {tocilizumab.value:g}"
            return present(words, reference)
        words = f"{result.words}, below {sarilumab.value:g}: sarilumab's limit only"
        return present(
            words, reference, severity={"il6i": Severity.CAUTION}, message=_SARILUMAB_ONLY
        )

    return (judged(record, spec, "platelets", tocilizumab.unit, judge, within=_WITHIN),)


def raised_liver_enzymes(record: PatientRecord, spec: DecisionSpec) -> tuple[Sign, ...]:
    """ALT or AST against the laboratory's own limit; an assumed one neither stops nor reassures."""
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
            high = result.quantity.above(multiple * upper)
            if not high:
                words = f"{name} {result.words}, not above {multiple:g} times {source}"
                if own is None and high is not None:
                    return not_found(f"{words}, which does not show that it is normal")
                return None if high is None else absent(words, reference)
            words = f"{name} {result.words}, above {multiple:g} times {source}"
            if own is None:
                warns = {"il6i": Severity.CAUTION}
                return present(words, reference, severity=warns, message=_ASSUMED)
            return present(words, reference)

        return judge

    return tuple(
        judged(record, spec, concept, assumed.unit, judge_as(concept.upper()), within=_WITHIN)
        for concept in ("alt", "ast")
    )
