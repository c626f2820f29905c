"""What is worth saying unasked, from an assessment: the rules of the notice in the workflow.

Most alerts are overridden unread (Poly 2020), so silence is the rule. Three things break it: a
caution against what is being ordered, a preference that is not what is being ordered, and a
required input that somebody could still record. Nobody the decision is not for hears anything.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import chain

from decision.clinical.assessment import (
    Abstention,
    AbstentionReason,
    Assessment,
    DecisionCard,
    Prediction,
)
from decision.clinical.features import Missing, MissingReason
from decision.clinical.gaps import happened
from decision.clinical.notice import Notice, Ordered
from decision.clinical.record import Gap
from decision.clinical.spec import (
    CautionFinding,
    DecisionSpec,
    Eligibility,
    Presence,
    Severity,
    Verification,
)
from decision.rules import applies

LONGEST_SUMMARY = 139
"""CDS Hooks 2.0 asks for fewer than 140 characters."""
LONGEST_POINT = 400
MOST_POINTS = 10
SIMULATED = "Simulated model: trained on generated records. For testing only, not for any care."
_AGAINST = (Severity.STOP, Severity.AVOID, Severity.CAUTION)


@dataclass(frozen=True, slots=True)
class _Part:
    """One reason to speak: what the summary says where it comes first, and its points."""

    summary: str
    points: tuple[str, ...]
    about_estimate: bool = False


def notice(
    assessment: Assessment, ordered: Sequence[Ordered] = (), gaps: Sequence[Gap] = ()
) -> Notice | None:
    """The one notice about an assessment, or None where it has nothing new to say.

    `ordered` is what is being ordered; without it, somebody has only opened the chart. `gaps` are
    those of the record: what could not be read is never called missing.
    """
    if any(criterion.state is Eligibility.NOT_MET for criterion in assessment.criteria):
        return None
    classes = tuple(order.treatment for order in ordered)
    parts = [
        *_cautions(assessment, classes),
        *_preference(assessment, classes),
        *_missing(assessment, bool(ordered)),
    ]
    if not parts:
        return None
    spec = assessment.spec
    limits = _limits(assessment, ordered, gaps)
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
            for reason in spec.override_reasons
            if about_estimate or not reason.about_estimate
        ),
        decision=spec.id,
        audit_id=assessment.audit_id,
    )


def _cautions(assessment: Assessment, classes: Iterable[str]) -> list[_Part]:
    """What speaks against the classes being ordered, the hardest first."""
    spec = assessment.spec
    found = [
        (severity, treatment, finding)
        for severity in _AGAINST
        for treatment in classes
        for finding in assessment.cautions
        if applies(finding, treatment, severity)
    ]
    if not found:
        return []
    worst, first, _ = found[0]
    drug = spec.treatment(first).label_with_article
    titles = [_title(f) for s, t, f in found if (s, t) == (worst, first)]
    told = [_caution(spec, *each) for each in found[: MOST_POINTS - 4]]
    if len(found) > len(told):
        told.append(f"{len(found) - len(told)} more cautions stand on the page.")
    return [_Part(_listed(f"{worst.value} for {drug}: ", titles, "."), tuple(told))]


def _caution(
    spec: DecisionSpec, severity: Severity, treatment: str, finding: CautionFinding
) -> str:
    """Which class, what was found, what to do about it, and how well the rule itself stands."""
    rule = finding.rule
    source = "Unsourced, verify" if rule.unsourced else f"Source: {rule.source.rstrip('.')}"
    checked = "" if rule.verification is Verification.VERIFIED else "; not fully verified"
    return (
        f"{severity.value} for {spec.treatment(treatment).label}: {rule.title} "
        f"({finding.detail.rstrip('.')}). {rule.message[treatment]} {source}{checked}."
    )


def _preference(assessment: Assessment, classes: Collection[str]) -> list[_Part]:
    """A preference that was stated, unless just that class is being ordered."""
    if not isinstance(assessment, DecisionCard) or assessment.preference.treatment is None:
        return []
    named, spec = assessment.preference.treatment, assessment.spec
    if classes and set(classes) == {named}:
        return []
    model = " (simulated model)" if assessment.model.simulated else ""
    drug = spec.treatment(named).label_with_article
    summary = f"The estimates{model} favour {drug}: {spec.outcome.label}."
    figures = (_estimate(assessment, p) for p in assessment.answer.predictions)
    return [_Part(summary, (f"The estimates favour {drug}.", *figures), about_estimate=True)]


def _estimate(card: DecisionCard, prediction: Prediction) -> str:
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


def _missing(assessment: Assessment, ordering: bool) -> list[_Part]:
    """Required inputs that are not in the record and could be.

    Whoever has only opened a chart is not asked for joint counts before the record itself says that
    the decision arises; somebody who is ordering has said so.
    """
    if not isinstance(assessment, Abstention):
        return []
    if not ordering and any(c.state is not Eligibility.MET for c in assessment.criteria):
        return []
    causes = [c for c in assessment.causes if c.reason is AbstentionReason.REQUIRED_MISSING]
    worth = [c for c in causes if not any(_unread(assessment, name) for name in c.features)]
    if not worth:
        return []
    labels = [assessment.spec.feature(name).label for c in worth for name in c.features]
    points = (
        *(cause.detail for cause in worth),
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


def _limits(assessment: Assessment, ordered: Iterable[Ordered], gaps: Iterable[Gap]) -> list[str]:
    """What the notice rests on less firmly than it may sound."""
    told = []
    if any(order.by_name for order in ordered):
        told.append("The order carries no code of the list; its class was recognised by name.")
    if unread := tuple(dict.fromkeys(happened(gap) for gap in gaps)):
        told.append(f"From the chart: {'; '.join(unread)}.")
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
