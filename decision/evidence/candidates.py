"""What was looked for behind each input: where, how far back, what was there, and what of it was
not used and why.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from decision.clinical.codes import Code, Codelist
from decision.clinical.features import Finding, Found, Missing, MissingReason
from decision.clinical.quantities import Moment, Quantity
from decision.clinical.record import Observation, PatientRecord
from decision.clinical.spec import DecisionSpec, FeatureSpec
from decision.evidence.alone import emptied, read_alone, unaged
from decision.evidence.filed import Filed
from decision.evidence.select import never_used, newest_first
from decision.evidence.series import LISTED


@dataclass(frozen=True, slots=True, kw_only=True)
class Unused:
    """One result that might have given an input its value, and why it did not."""

    why: str
    when: Moment | None
    value: Quantity | str
    """As the record has it; empty where it could not be read."""
    reference: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Searched:
    """One input as it was looked for: `codelists` within `lookback`, `results` found under them."""

    feature: FeatureSpec
    finding: Finding
    codelists: tuple[Codelist, ...]
    results: int
    measured: bool
    """Whether the value is that of such results, and not of a course, a diagnosis or the person."""
    unused: tuple[Unused, ...]
    """The newest first."""

    @property
    def lookback(self) -> timedelta | None:
        return self.feature.lookback


def searched(
    record: PatientRecord, spec: DecisionSpec, findings: Sequence[tuple[str, Finding]]
) -> tuple[Searched, ...]:
    """Every input of the decision with what was looked at, in the order of the findings."""
    filed, empty = Filed(record), emptied(record)
    return tuple(
        _searched(record, filed, spec, spec.feature(name), finding, empty)
        for name, finding in findings
    )


def _searched(
    record: PatientRecord,
    filed: Filed,
    spec: DecisionSpec,
    feature: FeatureSpec,
    finding: Finding,
    empty: PatientRecord,
) -> Searched:
    lists = tuple(spec.codelists[concept] for concept in feature.concepts)
    results = filed.of(lists)
    used = {s.reference for s in finding.evidence.sources} if finding.evidence else set()
    if isinstance(finding, Missing):
        used = set()
    unaged_feature = unaged(spec, feature.id)
    unused = [
        Unused(
            why=_why(result, record, feature, unaged_feature, finding, empty, spec),
            when=result.effective,
            value=_value(result),
            reference=result.source.reference,
        )
        for result in newest_first(results)
        if result.source.reference not in used
    ]
    unused += [
        Unused(why=i.detail, when=i.effective, value="", reference=i.reference)
        for i in record.issues
        if i.kind in LISTED and any(c.matches(i.codes) for c in lists)
    ]
    return Searched(
        feature=feature,
        finding=finding,
        codelists=lists,
        results=len(results),
        measured=bool(used) and used <= {o.source.reference for o in results},
        unused=tuple(unused),
    )


def _why(
    result: Observation,
    record: PatientRecord,
    feature: FeatureSpec,
    unaged_feature: FeatureSpec,
    finding: Finding,
    empty: PatientRecord,
    spec: DecisionSpec,
) -> str:
    if why := never_used(result, record):
        return why
    effective = finding.evidence.effective if finding.evidence else None
    if isinstance(finding, Found) and effective and result.effective.latest <= effective.latest:
        return "a newer one was used"
    if feature.lookback and not result.effective.within(feature.lookback, record.as_of):
        return f"it is older than {feature.lookback.days} days"
    if isinstance(finding, Missing) and finding.reason is MissingReason.CONFLICT:
        return "results of the same time differ"
    alone = read_alone(result, unaged_feature, empty, spec)
    return alone if isinstance(alone, str) else "another was used"


def _value(result: Observation) -> Quantity | str:
    value = result.reported or result.value
    if isinstance(value, Code):
        return value.display or value.code
    return value if isinstance(value, Quantity | str) else ""
