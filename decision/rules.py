"""The rules between a model's answer and what is said: when to abstain, when to stay silent, what
to name.

Pure functions of the spec, the findings and the answer. No threshold, wording or code of any
decision lives here.
"""

from __future__ import annotations

from collections.abc import Sequence

from decision.clinical.answers import in_years
from decision.clinical.assessment import (
    AbstentionCause,
    AbstentionReason,
    ComparisonEstimate,
    HorizonRisk,
    ModelEstimate,
    ModelIdentity,
    Prediction,
    Preference,
    SilenceReason,
)
from decision.clinical.features import FeatureVector, Found, Missing, MissingReason
from decision.clinical.gaps import UnreadCriterion, parts_happened, sentence
from decision.clinical.record import Gap, GapReason, Part, PatientRecord
from decision.clinical.spec import (
    CautionFinding,
    CriterionResult,
    DecisionSpec,
    Eligibility,
    FeatureSpec,
    Presence,
    Severity,
)
from decision.clinical.units import unit


def derive_features(record: PatientRecord, spec: DecisionSpec) -> FeatureVector:
    """Every predictor of the decision, found or missing, from one record."""
    return FeatureVector(
        spec_id=spec.id,
        spec_version=spec.version,
        findings=tuple((f.id, f.derive(record, f, spec.codelists)) for f in spec.features),
    )


def _why(missing: Missing) -> str:
    if missing.reason is MissingReason.NOT_FOUND:
        return f"{missing.reason.value}."
    if missing.reason is MissingReason.NOT_READ:
        return "could not be read."
    return missing.detail


def _remedy(feature: FeatureSpec, missing: Missing) -> str:
    """The finding's own remedy; else an entry helps wherever one can be made; else that of the
    gap it may lie in.
    """
    if missing.remedy:
        return missing.remedy
    if feature.entry:
        return f"Enter it below ({_limits(feature)})."
    told = dict.fromkeys(sentence(gap.remedy) for gap in missing.gaps)
    return " ".join(told) or "Record it in the chart and open this page again."


def _limits(feature: FeatureSpec) -> str:
    return f"{feature.supported.low:g} to {feature.supported.high:g}"


def causes_before_model(
    spec: DecisionSpec, criteria: Sequence[CriterionResult], features: FeatureVector
) -> tuple[AbstentionCause, ...]:
    """Reasons that need no model, only as many as help.

    Somebody the decision is not for is not asked for joint counts; and while a required input is
    missing, a criterion that could not be judged is not a second question. What could not be read
    is always said, because no answer on the page may be able to replace it.
    """
    return (
        _criteria_causes(criteria, Eligibility.NOT_MET, AbstentionReason.NOT_ELIGIBLE)
        or _gap_causes(criteria) + _input_causes(spec, features)
        or _criteria_causes(criteria, Eligibility.UNKNOWN, AbstentionReason.ELIGIBILITY_UNKNOWN)
    )


def _gap_causes(criteria: Sequence[CriterionResult]) -> tuple[AbstentionCause, ...]:
    """One cause per part of the record and reason, with all that it leaves open: criteria that
    rest on absence there. What the server said in each search stands with the data.
    """
    left_open: dict[tuple[Part, GapReason], dict[Gap, list[UnreadCriterion]]] = {}
    for criterion in criteria:
        if isinstance(criterion, UnreadCriterion):
            for gap in criterion.gaps:
                alike = left_open.setdefault((gap.part, gap.reason), {})
                alike.setdefault(gap, []).append(criterion)
    causes = []
    for gaps in left_open.values():
        found = [c for each in gaps.values() for c in each]
        details = (f"{parts_happened(gaps)}.", *(sentence(c.detail) for c in found))
        remedies = (*(sentence(gap.remedy) for gap in gaps), *(c.remedy for c in found))
        causes.append(
            AbstentionCause(
                reason=AbstentionReason.RECORD_INCOMPLETE,
                detail=" ".join(dict.fromkeys(details)),
                remedy=" ".join(dict.fromkeys(remedies)).strip(),
            )
        )
    return tuple(causes)


def _criteria_causes(
    criteria: Sequence[CriterionResult], state: Eligibility, reason: AbstentionReason
) -> tuple[AbstentionCause, ...]:
    return tuple(
        AbstentionCause(reason=reason, detail=c.detail, remedy=c.remedy)
        for c in criteria
        if c.state is state
    )


def _input_causes(spec: DecisionSpec, features: FeatureVector) -> tuple[AbstentionCause, ...]:
    causes = []
    for feature in spec.features:
        finding = features[feature.id]
        if isinstance(finding, Found):
            if finding.value not in feature.supported:
                causes.append(
                    AbstentionCause(
                        reason=AbstentionReason.INPUT_UNUSABLE,
                        detail=f"{feature.label} {finding.value:g} {unit(feature.unit)}".rstrip()
                        + " is outside the "
                        f"supported limits ({_limits(feature)}).",
                        remedy="Check the value and its unit at the source.",
                        features=(feature.id,),
                    )
                )
        elif feature.required:
            causes.append(
                AbstentionCause(
                    reason=AbstentionReason.REQUIRED_MISSING,
                    detail=f"{feature.label}: {_why(finding)}",
                    remedy=_remedy(feature, finding),
                    features=(feature.id,),
                )
            )
    return tuple(causes)


def causes_after_model(spec: DecisionSpec, answer: ModelEstimate) -> tuple[AbstentionCause, ...]:
    """Reasons that only the model's own answer shows: unlike the training patients, or too
    uncertain.
    """
    causes: list[AbstentionCause] = []
    if answer.domain.p_value <= spec.thresholds["domain_p_value"].value:
        causes.append(_out_of_domain(spec, answer))
    widest = spec.thresholds["widest_range"]
    shown = answer.predictions if isinstance(answer, ComparisonEstimate) else answer.risks
    for found in shown:
        if found.interval.width > widest.value:
            causes.append(
                AbstentionCause(
                    reason=AbstentionReason.RANGE_TOO_WIDE,
                    detail=f"The likely range {_where(spec, found)} spans "
                    f"{100 * found.interval.width:.0f} of 100, more than "
                    f"{100 * widest.value:.0f}.",
                    remedy="Record what is missing (listed under Data) and assess again.",
                )
            )
    return tuple(causes)


def _where(spec: DecisionSpec, found: Prediction | HorizonRisk) -> str:
    if isinstance(found, Prediction):
        return f"under {spec.treatment(found.treatment).label}"
    return f"within {in_years(found.years)}"


_CHECK_FIRST = 3


def _out_of_domain(spec: DecisionSpec, answer: ModelEstimate) -> AbstentionCause:
    """What makes the patient unlike the others: how many values, and the farthest out by name. Each
    with its range goes along for a table.
    """
    domain = answer.domain
    far = sorted(domain.outside_usual, key=_how_far, reverse=True)
    labels = [spec.feature(i).label for i, *_ in far]
    culprit = next((p.label for p in spec.players if p.id == domain.culprit), "")
    culprit = culprit or spec.feature(domain.culprit).label
    many = len(labels) > 1
    detail = (
        f"{spelt(len(labels))} {'values lie' if many else 'value lies'} outside what the model "
        "has seen."
        if labels
        else "No single value lies outside what the model has seen; the combination does."
    )
    first = ", ".join(labels[:_CHECK_FIRST]) or culprit
    return AbstentionCause(
        reason=AbstentionReason.OUT_OF_DOMAIN,
        detail=f"{detail} Only {100 * domain.p_value:.1f} of 100 patients the model was checked on "
        "are as unusual as this one.",
        remedy=f"Check first: {first}. If right, the model has nothing to say.",
        features=tuple(found[0] for found in domain.outside_usual) or (domain.culprit,),
        outside=tuple(far),
    )


def _how_far(found: tuple[str, float, float, float]) -> float:
    """How many widths of its usual range a value lies beyond it."""
    _, value, low, high = found
    return max(low - value, value - high) / ((high - low) or 1.0)


def spelt(number: int) -> str:
    """`Ten`; figures from thirteen."""
    words = "No One Two Three Four Five Six Seven Eight Nine Ten Eleven Twelve".split()
    return words[number] if number < len(words) else str(number)


def site_cause(model: ModelIdentity, site: str) -> tuple[AbstentionCause, ...]:
    """An abstention when the model has not been recalibrated for the site it is used at."""
    if site in model.sites:
        return ()
    return (
        AbstentionCause(
            reason=AbstentionReason.SITE_NOT_RECALIBRATED,
            detail=f"The model has not been recalibrated for site {site!r}.",
            remedy="Recalibrate it on this site's own records before it is used here.",
        ),
    )


def preference(
    spec: DecisionSpec, answer: ComparisonEstimate, cautions: Sequence[CautionFinding]
) -> Preference:
    """Name a drug class only beyond every stated limit; else say which limits kept us silent."""
    contrast = answer.contrast
    silence = []
    if contrast.interval.covers_zero:
        silence.append(SilenceReason.RANGE_INCLUDES_ZERO)
    if abs(contrast.difference) < spec.thresholds["naming_margin"].value:
        silence.append(SilenceReason.GAP_BELOW_MARGIN)
    if any(stops(finding) for finding in cautions):
        silence.append(SilenceReason.STOP_CAUTION)
    if answer.comparable < spec.thresholds["smallest_comparable"].value:
        silence.append(SilenceReason.THIN_OVERLAP)
    b_is_better = (contrast.difference > 0) is spec.outcome.desirable
    named = None if silence else (contrast.b if b_is_better else contrast.a)
    return Preference(treatment=named, silence=tuple(silence))


def applies(finding: CautionFinding, treatment: str, severity: Severity) -> bool:
    """True when the caution is present and says just this of the treatment."""
    return finding.presence is Presence.PRESENT and finding.severity[treatment] is severity


def stops(finding: CautionFinding, treatment: str | None = None) -> bool:
    """True when the caution is present and says STOP for the treatment (None: for any)."""
    asked = finding.severity if treatment is None else (treatment,)
    return any(applies(finding, name, Severity.STOP) for name in asked)
