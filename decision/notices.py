"""What is worth saying unasked, from an assessment: the rules of the notice in the workflow.

Most alerts are overridden unread (Poly 2020), so silence is the rule. Four things break it: a
caution against what is being ordered, an earlier drug of its class that failed, a preference that
is not what is being ordered, and, when a chart is opened, a required input that could be recorded.

The limits of the estimate are not those of the cautions: somebody who has had an IL-6 inhibitor
gets no estimate, and must still be kept from one that speaks against their infection. Only
somebody outside the decision's population hears nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import chain

from decision.clinical.assessment import (
    Abstention,
    AbstentionReason,
    Assessment,
    ComparisonCard,
    Prediction,
)
from decision.clinical.choices import fitting
from decision.clinical.dates import dated
from decision.clinical.features import Missing, MissingReason
from decision.clinical.gaps import parts_happened
from decision.clinical.notice import Notice, Ordered
from decision.clinical.record import PatientRecord
from decision.clinical.spec import (
    CautionFinding,
    DecisionSpec,
    Eligibility,
    Presence,
    Severity,
    Verification,
)
from decision.evidence.history import failed, stopped
from decision.rules import applies

LONGEST_SUMMARY = 139
"""CDS Hooks 2.0 asks for fewer than 140 characters."""
LONGEST_POINT = 400
MOST_POINTS = 10
_MOST_COURSES = 3
SIMULATED = "Simulated model: trained on generated records. For testing only, not for any care."
_AGAINST = (Severity.STOP, Severity.AVOID, Severity.CAUTION)


@dataclass(frozen=True, slots=True)
class _Part:
    """One reason to speak: what the summary says where it comes first, and its points."""

    summary: str
    points: tuple[str, ...]
    about_estimate: bool = False


def notice(
    assessment: Assessment, record: PatientRecord, ordered: Sequence[Ordered] = ()
) -> Notice | None:
    """The one notice about an assessment of this record, or None where it has nothing new to say.

    `ordered` is what is being ordered; without it, somebody has only opened the chart. What could
    not be read is never called missing; what was by choice not read is said.
    """
    if any(c.population and c.state is Eligibility.NOT_MET for c in assessment.criteria):
        return None
    classes = tuple(order.treatment for order in ordered)
    warned = _cautions(assessment, ordered)
    parts = [
        *warned,
        *_failed(assessment, record, classes),
        *_preference(assessment, classes),
        *([] if ordered else _missing(assessment)),
    ]
    if not parts:
        return None
    spec = assessment.spec
    limits = _limits(assessment, ordered, record)
    found = [
        *chain.from_iterable(part.points for part in parts),
        *_open_cautions(assessment, classes),
    ]
    said = [*found[: MOST_POINTS - len(limits)], *limits]
    about_estimate = any(part.about_estimate for part in parts)
    return Notice(
        summary=_cut(parts[0].summary, LONGEST_SUMMARY),
        points=tuple(_cut(point, LONGEST_POINT) for point in said),
        reasons=tuple(
            (reason.code, reason.label)
            for reason in fitting(
                spec.override_reasons, estimated=about_estimate, against=bool(warned)
            )
        ),
        decision=spec.id,
        audit_id=assessment.audit_id,
    )


def _cautions(assessment: Assessment, ordered: Sequence[Ordered]) -> list[_Part]:
    """What speaks against what is being ordered, the hardest first."""
    spec = assessment.spec
    found = [
        (severity, order, finding)
        for severity in _AGAINST
        for order in ordered
        for finding in assessment.cautions
        if applies(finding, order.treatment, severity)
    ]
    if not found:
        return []
    worst, first, _ = found[0]
    drug = first.drug or spec.treatment(first.treatment).label_with_article
    titles = [_title(f) for s, o, f in found if (s, o) == (worst, first)]
    told = [_caution(spec, *each) for each in found[: MOST_POINTS - 4]]
    if len(found) > len(told):
        told.append(f"{len(found) - len(told)} more cautions stand on the page.")
    return [_Part(_listed(f"{worst.value} for {drug}: ", titles, "."), tuple(told))]


def _caution(
    spec: DecisionSpec, severity: Severity, order: Ordered, finding: CautionFinding
) -> str:
    """Which drug, what was found, what to do about it, and how well the rule itself stands; its
    source stands on the page.
    """
    rule, label = finding.rule, spec.treatment(order.treatment).label
    drug = f"{order.drug} ({label})" if order.drug else label
    checked = "" if rule.verification is Verification.VERIFIED else " (rule not fully verified)"
    checked = " (rule unsourced, verify)" if rule.unsourced else checked
    return (
        f"{severity.value} for {drug}: {rule.title} ({dated(finding.detail).rstrip('.')}). "
        f"{rule.message[order.treatment].rstrip('.')}{checked}."
    )


def _failed(assessment: Assessment, record: PatientRecord, classes: Iterable[str]) -> list[_Part]:
    """Earlier drugs of the ordered classes that did not do what they should, the newest first."""
    told = tuple(stopped(course) for t in classes for course in failed(record, assessment.spec, t))
    return [_Part(told[0], told[:_MOST_COURSES])] if told else []


def _preference(assessment: Assessment, classes: Collection[str]) -> list[_Part]:
    """A preference that was stated, unless just that class is being ordered."""
    if not isinstance(assessment, ComparisonCard) or assessment.preference.treatment is None:
        return []
    named, spec = assessment.preference.treatment, assessment.spec
    if classes and set(classes) == {named}:
        return []
    model = " (simulated model)" if assessment.model.simulated else ""
    drug = spec.treatment(named).label_with_article
    summary = f"The estimates{model} favour {drug}: {spec.outcome.label}."
    figures = (_estimate(assessment, p) for p in assessment.answer.predictions)
    return [_Part(summary, (f"The estimates favour {drug}.", *figures), about_estimate=True)]


def _estimate(card: ComparisonCard, prediction: Prediction) -> str:
    """One probability with its outcome, week, class, range and reference class (display rule D3);
    the range stands first where the point says less (D4).
    """
    spec, interval = card.spec, prediction.interval
    wide = any(
        p.interval.width > spec.thresholds["widest_usual_range"].value
        for p in card.answer.predictions
    )
    low, high = _per_100(interval.low), _per_100(interval.high)
    number = f"{_per_100(prediction.probability)} of 100"
    ranged = f"likely range {low} to {high} of 100, {_per_100(interval.level)} %"
    if wide or card.answer.domain.outside_usual:
        number, ranged = f"between {low} and {high} of 100", "the data support nothing narrower"
    kind = "simulated patients" if card.model.simulated else "patients"
    return (
        f"{spec.treatment(prediction.treatment).label}: {number} {kind} like this one reach "
        f"{spec.outcome.label} by week {spec.outcome.horizon_weeks} ({ranged}); based on "
        f"{prediction.reference_n:,} {kind}."
    )


def _missing(assessment: Assessment) -> list[_Part]:
    """Required inputs that are not in the record and could be, for whoever opens a chart of which
    the record itself says that the decision arises. Somebody who is ordering has decided, and is
    not asked for joint counts.
    """
    if not isinstance(assessment, Abstention):
        return []
    if any(c.state is not Eligibility.MET for c in assessment.criteria):
        return []
    causes = [c for c in assessment.causes if c.reason is AbstentionReason.REQUIRED_MISSING]
    worth = [c for c in causes if not any(_unread(assessment, name) for name in c.features)]
    if not worth:
        return []
    labels = [assessment.spec.feature(name).label for c in worth for name in c.features]
    points = (
        *(dated(cause.detail) for cause in worth),
        "Record it in the chart, or open the page and enter it for this visit.",
    )
    return [_Part(_listed("No estimate yet; missing: ", labels, "."), points)]


def _unread(assessment: Assessment, feature: str) -> bool:
    finding = assessment.features[feature]
    return isinstance(finding, Missing) and finding.reason is MissingReason.NOT_READ


def _open_cautions(assessment: Assessment, classes: Iterable[str]) -> list[str]:
    """What should be settled before this class is prescribed and the record does not say."""
    wanted = set(classes)
    gaps = sorted(
        (f.rule.priority, f.rule.title)
        for f in assessment.cautions
        if f.presence is Presence.NOT_FOUND
        and f.rule.priority
        and any(f.rule.severity[treatment] in _AGAINST for treatment in wanted)
    )
    titles = "; ".join(title for _, title in gaps)
    return [f"Not found in the record, which does not mean absent: {titles}."] if gaps else []


def _limits(assessment: Assessment, ordered: Iterable[Ordered], record: PatientRecord) -> list[str]:
    """What the notice rests on less firmly than it may sound."""
    told = []
    if any(order.by_name for order in ordered):
        told.append("The order carries no code of the list; its class was recognised by name.")
    if record.gaps:
        told.append(f"From the chart: {parts_happened(record.gaps)}.")
    if record.unasked:
        told.append(f"Not read from this chart: {'; '.join(record.unasked)}.")
    if assessment.model is not None and assessment.model.simulated:
        told.append(SIMULATED)
    return told


def _title(finding: CautionFinding) -> str:
    """The title inside a sentence; an abbreviation keeps its capitals."""
    title = finding.rule.title
    return title if title[1:2].isupper() else title[:1].lower() + title[1:]


def _listed(lead: str, names: Sequence[str], end: str) -> str:
    """As many names as a summary holds, and how many more there are."""
    for kept in range(len(names), 0, -1):
        more = f" and {len(names) - kept} more" if kept < len(names) else ""
        words = f"{lead}{'; '.join(names[:kept])}{more}{end}"
        if len(words) <= LONGEST_SUMMARY:
            return words
    return f"{lead}{'; '.join(names)}{end}"


def _cut(words: str, longest: int) -> str:
    """One line, no longer than that; what was cut off is seen to be."""
    line = " ".join(words.split())
    return line if len(line) <= longest else f"{line[: longest - 1].rstrip()}…"


def _per_100(probability: float) -> int:
    """Whole number of 100, halves upwards, as on the page."""
    return int(probability * 100 + 0.5)
