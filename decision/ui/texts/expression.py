"""Sentences about a patient's gene expression: scores and their places, worth, platform, quality.

A score's place is among the people it is compared with: those the model was trained on, where the
model uses it, else those the platform was registered with.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from decision.clinical.assessment import Assessment, ComparisonCard
from decision.clinical.expression import (
    FEWEST,
    PanelPlace,
    SampleCheck,
    SampleReport,
    Spread,
)
from decision.clinical.features import Found, MissingReason
from decision.clinical.record import ExpressionFile, PatientRecord
from decision.clinical.spec import FeatureSpec, Modality
from decision.ui.texts.estimate import ordered
from decision.ui.texts.inputs import why_missing
from decision.ui.texts.numbers import count, day, inside, moment, number, per_100, percent, plural
from decision.ui.texts.reasons import change, points

TITLE = "RNA panel"
SCORES = "RNA scores and their places"
RESEARCH = (
    "Research use only: the RNA scores of this software are not a cleared test, and it is not "
    "established that choosing by them serves patients."
)
NOT_ADDED = (
    "A file of gene expression can be added on Data used. The model counts RNA only with all of "
    "its scores, and a file may not give every one."
)
USED = "Used by the model:"
UNUSED = "Shown for reading only, not used by the model:"
ABSENT_TITLE = "Panels without a score"
QUALITY_TITLE = "Platform and sample"
ORIGIN_TITLE = "Where the panels are from"
NO_PLACE = "No cohort of at least {fewest} people is stored to place it in."
_NOT_USED = "not used: "
PANEL_HEAD = ("Panel", "Genes measured", "Published in", "List taken from", "Licence", "List")
LEGEND = (
    "Thin line: nine of ten people. Thick line: the middle half. Upright mark: their median. "
    "Diamond: this patient. Every row has the same scale, in standard deviations."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One score with everything its line says."""

    label: str
    value: float
    when: str
    """The specimen's day; "" where it is said once for all, with the platform."""
    spread: Spread | None
    people: str
    """Who it is compared with, in words; the count stands before it."""
    used: bool


def reads_it(assessment: Assessment) -> bool:
    """Whether the decision reads RNA at all."""
    return any(f.modality is Modality.TRANSCRIPTOMIC for f in assessment.spec.features)


def in_use(record: PatientRecord) -> ExpressionFile | None:
    """The scored file of the newest specimen; one added on the page before one of the same day."""
    scored = [(f.effective.middle, f) for f in record.expression if f.report and f.effective]
    return max(scored, key=lambda found: found[0], default=(None, None))[1]


def rows(assessment: Assessment, record: PatientRecord) -> tuple[Row, ...]:
    """What the model can use, then the file's other panels."""
    model, simulated = assessment.model, bool(assessment.model and assessment.model.simulated)
    taken = present(assessment)
    people = "simulated training patients" if simulated else "training patients"
    found: list[Row] = []
    told: set[str] = set()
    for feature, finding in _known(assessment):
        told.update(feature.concepts)
        found.append(
            Row(
                label=feature.label,
                value=finding.value,
                when=moment(finding.evidence.effective),
                spread=_enough(model.spreads.get(feature.id)) if model else None,
                people=people,
                used=taken,
            )
        )
    file = in_use(record)
    if file is not None and file.report is not None:
        found += [
            _of_panel(panel, file.report)
            for panel in file.report.panels
            if not told.intersection(panel.concepts)
        ]
    return tuple(found)


def _known(assessment: Assessment) -> list[tuple[FeatureSpec, Found]]:
    return [
        (feature, finding)
        for feature in assessment.spec.features
        if feature.modality is Modality.TRANSCRIPTOMIC
        and isinstance(finding := assessment.features[feature.id], Found)
    ]


def _of_panel(panel: PanelPlace, report: SampleReport) -> Row:
    return Row(
        label=panel.label,
        value=panel.value,
        when="",
        spread=_enough(panel.spread),
        people="simulated reference samples" if report.simulated else "reference samples",
        used=False,
    )


def _enough(spread: Spread | None) -> Spread | None:
    return spread if spread is not None and spread.people >= FEWEST else None


def present(assessment: Assessment) -> bool:
    """Whether RNA counts in the answer."""
    return (
        isinstance(assessment, ComparisonCard)
        and Modality.TRANSCRIPTOMIC not in assessment.answer.absent_modalities
        and reads_it(assessment)
    )


def score(value: float) -> str:
    """`+0.9`: standard deviations have a sign."""
    said = number(abs(value))
    return said if said == "0" else f"{'+' if value > 0 else '−'}{said}"


def place(row: Row) -> str:
    """Where a score lies, in natural frequencies."""
    if row.spread is None:
        return NO_PLACE.format(fewest=FEWEST)
    of = f"{count(row.spread.people)} {row.people}"
    below = row.spread.below(row.value)
    if below is not None:
        return f"{per_100(below)} of 100 are lower, among {of}."
    if row.value < row.spread.values[0]:
        return f"Fewer than 3 of 100 are lower, among {of}."
    return f"Fewer than 3 of 100 are higher, among {of}."


def alternative(row: Row) -> str:
    """A strip's picture in words."""
    if row.spread is None:
        return f"{row.label} {score(row.value)} standard deviations."
    s = row.spread
    return (
        f"{row.label} {score(row.value)} standard deviations. {place(row)} Their median is "
        f"{score(s.at(0.5))}; half lie from {score(s.at(0.25))} to {score(s.at(0.75))}, nine of "
        f"ten from {score(s.at(0.05))} to {score(s.at(0.95))}."
    )


def state(assessment: Assessment) -> tuple[str, ...]:
    """Whether RNA is used, and where it is not, why and what would change that; a sentence each."""
    if present(assessment):
        days = list(dict.fromkeys(moment(f.evidence.effective) for _, f in _known(assessment)))
        if len(days) == 1:
            return (f"Used in the estimate; specimen of {days[0]}.",)
        return (f"Used in the estimate; specimens of different days: {', '.join(days)}.",)
    if not reads_it(assessment):
        return ("This decision does not use RNA.",)
    gone = [
        (f, assessment.features.missing[f.id])
        for f in assessment.spec.features
        if f.modality is Modality.TRANSCRIPTOMIC and f.id in assessment.features.missing
    ]
    known = _known(assessment)
    said = [_not_used(assessment, [f for f, _ in known], [f for f, _ in gone])]
    for feature, missing in gone:
        if missing.reason is MissingReason.NOT_FOUND and not known:
            continue  # the first sentence has said it
        said.append(f"{feature.label}: {why_missing(missing)}. {missing.detail}".strip())
    return tuple(said)


def _not_used(
    assessment: Assessment, known: Sequence[FeatureSpec], gone: Sequence[FeatureSpec]
) -> str:
    if not isinstance(assessment, ComparisonCard):
        return "There is no estimate for RNA to be part of."
    if not known:
        return "Not used in the estimate: no usable RNA result is in the record."
    have = ", ".join(inside(f.label) for f in known)
    lack = ", ".join(inside(f.label) for f in gone)
    return (
        f"Not used in the estimate: the model counts RNA only with all of its scores. Known: "
        f"{have}; not known: {lack}."
    )


def contribution(card: ComparisonCard) -> str:
    """What RNA as a whole does to each number and to the gap; nothing where it is absent."""
    found = [m for m in card.answer.explanation.modalities if m.player == Modality.TRANSCRIPTOMIC]
    if not found or not present(card):
        return ""
    first, second = ordered(card.spec)
    sign = 1.0 if card.answer.contrast.b == first.id else -1.0
    drug = first if sign * found[0].differential >= 0 else second
    return (
        f"What it changes: {first.label} {change(found[0].effects[first.id])} of 100, "
        f"{second.label} {change(found[0].effects[second.id])} of 100; it moves the gap by "
        f"{points(found[0].differential)} towards {drug.label_with_article}."
    )


def worth(card: ComparisonCard) -> str:
    """How much RNA narrows the ranges of this patient, or would; wider is said where it is so."""
    found = [w for w in card.answer.worths if w.modality is Modality.TRANSCRIPTOMIC]
    if not found:
        return ""
    known, first, second = found[0], *ordered(card.spec)
    if known.measured:
        return (
            f"With it, the range of the difference is {_narrower(known.difference)} than without "
            f"it; that of {first.label} is {_narrower(known.arms[first.id])}, and that of "
            f"{second.label} {_narrower(known.arms[second.id])}."
        )
    return (
        f"Without it, the range of the difference is {_wider(known.difference)} than with every "
        f"RNA score at its expected value; that of {first.label} is "
        f"{_wider(known.arms[first.id])}, and that of {second.label} "
        f"{_wider(known.arms[second.id])}."
    )


def _narrower(by: float) -> str:
    return _sized(by, "narrower", "wider")


def _wider(by: float) -> str:
    return _sized(by, "wider", "narrower")


def _sized(by: float, up: str, down: str) -> str:
    whole = per_100(by)
    if whole == 0:
        return f"under 1 of 100 {up if by >= 0 else down}"
    return f"{abs(whole)} of 100 {up if whole > 0 else down}"


def platform(file: ExpressionFile, report: SampleReport) -> str:
    """On which platform, and how its scores are made comparable."""
    simulated = " (simulated)" if report.simulated else ""
    taken = moment(file.effective)
    name = f"{report.platform_label}{simulated}, version {report.version}, {report.kind}, "
    if report.reference:
        return (
            f"Specimen of {taken}. Platform: {name}{_specimen(report)}. Registered on "
            f"{_day(report.registered)}: recentred with "
            f"{plural(report.samples, 'sample')} measured on it and on {report.reference}."
        )
    return (
        f"Specimen of {taken}. Platform: {name}{_specimen(report)}. Registered on "
        f"{_day(report.registered)} with the {plural(report.samples, 'sample')} that scores "
        "are compared with; nothing to recentre."
    )


def _specimen(report: SampleReport) -> str:
    return report.specimen.replace("-", " ")


def _day(written: str) -> str:
    try:
        return day(datetime.fromisoformat(written))
    except ValueError:
        return written or "a day that is not recorded"


def quality(report: SampleReport) -> tuple[str, ...]:
    """Each finding about the sample with its limit; all of these passed, or it were not in use."""
    return tuple(_check(found) for found in report.quality)


def _check(found: SampleCheck) -> str:
    bound = "at least" if found.at_least else "at most"
    value, limit = (
        (percent(found.value), percent(found.limit))
        if found.share
        else (number(found.value), number(found.limit))
    )
    return f"Passed: {found.label} {value}; {bound} {limit} is asked for."


def sample(record: PatientRecord) -> tuple[str, ...]:
    """Platform, quality and what was left out of the file in use; nothing where there is none."""
    file = in_use(record)
    if file is None or file.report is None:
        return ()
    return (platform(file, file.report), *quality(file.report), *file.report.notes)


def absent(report: SampleReport) -> tuple[str, ...]:
    """Every panel that is named and has no score, with the reason, which begins with its name."""
    return tuple(panel.reason for panel in report.absent)


def origins(report: SampleReport) -> tuple[tuple[str, ...], ...]:
    """One row for each scored panel."""
    return tuple(
        (
            p.label,
            f"{p.measured} of {p.genes}",
            p.citation,
            p.source,
            p.licence,
            p.verification,
        )
        for p in report.panels
    )


def refusals(record: PatientRecord, said: Sequence[str]) -> tuple[str, ...]:
    """Every file that is not used, with the reason and what can be done about it; not again where
    a sentence that was `said` has it.
    """
    return tuple(
        f"File {f.source.reference}, specimen of {moment(f.effective)}: {f.use}"
        for f in record.expression
        if f.use.startswith(_NOT_USED) and not _has(said, f.use.removeprefix(_NOT_USED))
    )


def _has(said: Sequence[str], why: str) -> bool:
    return any(why in sentence for sentence in said)
