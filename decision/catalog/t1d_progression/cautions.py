"""What the label of teplizumab asks before it is given: conditions found in the record, exclusions
that a clinician ticks. Nothing is ever inferred as absent.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from decision.catalog.t1d_progression.criteria import Criterion
from decision.catalog.t1d_progression.derive.own import own
from decision.catalog.t1d_progression.derive.persons import age_at, answered
from decision.catalog.t1d_progression.derive.staged import Staged, staged
from decision.catalog.t1d_progression.features import YES_NO
from decision.catalog.t1d_progression.limits import CHECKED_AS, days
from decision.catalog.t1d_progression.local import Place
from decision.catalog.t1d_progression.staging import Outcome
from decision.catalog.t1d_progression.tables import EXCLUSIONS, THERAPY
from decision.catalog.t1d_progression.therapy import TEPLIZUMAB, Tick
from decision.clinical.dated import DatedRow, Standing
from decision.clinical.dates import dated
from decision.clinical.record import Observation, Part, PatientRecord
from decision.clinical.scores.checks import exact
from decision.clinical.spec import (
    CautionFinding,
    CautionRule,
    DecisionSpec,
    Entry,
    EntryKind,
    Presence,
    Severity,
)
from decision.evidence.cautions import apply_all
from decision.evidence.measurements import Judge, Result, judged
from decision.evidence.signs import Sign, Trigger, absent, not_found, present
from decision.evidence.unread import unless_unread

_BELOW = "below"
_REREAD = "Re-read the current label before clinical release."
_OGTT = frozenset(
    {
        Criterion.TWO_HOUR_GLUCOSE,
        Criterion.GLUCOSE_30,
        Criterion.GLUCOSE_60,
        Criterion.GLUCOSE_90,
    }
)
_CONDITIONS = ("stage", "min_age_years", "dysglycaemia")


def _severity(row: DatedRow) -> dict[str, Severity]:
    return {TEPLIZUMAB: Severity(row.text("severity"))}


def _entries(row: DatedRow) -> tuple[Entry, ...]:
    entry = Entry(
        kind=EntryKind.CHOICE,
        question=row.text("question"),
        concept=row.text("concept"),
        choices=YES_NO,
    )
    return (entry,)


def _rule(row: DatedRow, place: int, message: str, entries: tuple[Entry, ...]) -> CautionRule:
    return CautionRule(
        id=row.id,
        title=row.text("title"),
        trigger=row.text("text"),
        severity=_severity(row),
        message={TEPLIZUMAB: message},
        source=row.source,
        source_date=row.effective_from.isoformat(),
        verification=CHECKED_AS[row.status],
        outstanding=f"{row.note}. {_REREAD}" if row.note else _REREAD,
        priority=place,
        entries=entries,
        everywhere=True,
    )


def _conditions(place: Place) -> dict[str, DatedRow]:
    """The label's conditions of the place, by the word of their rule."""
    return {
        row.text("rule"): row
        for row in THERAPY.rows
        if row.jurisdiction == place.jurisdiction
        and row.text("rule") in _CONDITIONS
        and row.status is Standing.VERIFIED
    }


def _exclusions(place: Place) -> tuple[DatedRow, ...]:
    return tuple(row for row in EXCLUSIONS.rows if row.jurisdiction == place.jurisdiction)


_MESSAGES: Mapping[str, str] = {
    "stage": "The label names stage 2 only.",
    "min_age_years": "Below the youngest age of the label entered here. Check the current label.",
    "dysglycaemia": "The label asks for an oral glucose tolerance test, or a reason why not.",
}
_STOPPED = "Contraindicated by the label while this applies."
_AVOIDED = "Not recommended by the label while this applies."


def rules(place: Place) -> tuple[CautionRule, ...]:
    """The label as caution rules: none where no label has been entered for the place."""
    conditions = _conditions(place)
    found = [_rule(conditions[n], 0, _MESSAGES[n], ()) for n in _CONDITIONS if n in conditions]
    for number, row in enumerate(_exclusions(place), start=1):
        hard = _severity(row)[TEPLIZUMAB] is Severity.STOP
        found.append(_rule(row, number, _STOPPED if hard else _AVOIDED, _entries(row)))
    return tuple(found)


def find_cautions(
    record: PatientRecord, spec: DecisionSpec, place: Place
) -> tuple[CautionFinding, ...]:
    """One finding per rule. Exclusions are asked in stage 2 only, where the question arises."""
    if not spec.cautions:
        return ()
    record = own(record)
    found = staged(record, spec.codelists, place)
    conditions = _conditions(place)
    judges: dict[str, Trigger] = {
        "stage": lambda r, s: (_stage(found),),
        "min_age_years": lambda r, s: (_age(r, place, conditions["min_age_years"]),),
        "dysglycaemia": lambda r, s: (_by_test(found),),
    }
    triggers = {row.id: judges[name] for name, row in conditions.items()}
    triggers |= {row.id: _trigger(row, found) for row in _exclusions(place)}
    return apply_all(triggers, record, spec)


def ticks(findings: Iterable[CautionFinding], place: Place) -> dict[str, Tick]:
    """What the findings say of each exclusion; open where nobody has answered."""
    said = {Presence.PRESENT: Tick.PRESENT, Presence.ABSENT: Tick.ABSENT}
    ids = {row.id for row in _exclusions(place)}
    return {f.rule.id: said.get(f.presence, Tick.OPEN) for f in findings if f.rule.id in ids}


def _in_stage_2(found: Staged) -> bool:
    return found.staging.outcome is Outcome.STAGE_2


def _stage(found: Staged) -> Sign:
    outcome = found.staging.outcome
    references = tuple(s.reference for s in found.sources)
    if _in_stage_2(found):
        return absent(f"{outcome}: {dated(found.staging.reason)}", *references)
    return present(f"{outcome}: {dated(found.staging.reason)}", *references)


def _age(record: PatientRecord, place: Place, row: DatedRow) -> Sign:
    youngest = row.number("value") if place.min_age_years is None else place.min_age_years
    whose = "the label entered here" if place.min_age_years is None else "the setting of this place"
    years = age_at(record)
    if years is None:
        return not_found("age is not known", asks=False)
    words = f"{int(years)} years old; {whose} begins at {youngest:g}"
    return present(words, "Patient") if years < youngest else absent(words, "Patient")


def _by_test(found: Staged) -> Sign:
    if not _in_stage_2(found):
        return not_found("asked in stage 2 only", asks=False)
    fired = found.staging.fired
    by_test = [f for f in fired if f.criterion in _OGTT]
    references = [f.measurement.source for f in by_test or fired]
    if by_test:
        return absent("raised in the glucose test", *references)
    return present(f"raised by {', '.join(f.criterion for f in fired)} only", *references)


def _trigger(row: DatedRow, found: Staged) -> Trigger:
    def trigger(record: PatientRecord, spec: DecisionSpec) -> tuple[Sign, ...]:
        if not _in_stage_2(found) or row.effective_from > record.as_of.date():
            return (not_found("asked in stage 2 only", asks=False),)
        return _excluded(row, record, spec)

    return trigger


def _excluded(row: DatedRow, record: PatientRecord, spec: DecisionSpec) -> tuple[Sign, ...]:
    """A result beyond its limit speaks, unless somebody answered after it; a normal one says what
    it was and settles nothing.
    """
    answer = _answer(row, record, spec)
    tests = tuple(test for test in row.text("tests").split(";") if test)
    results = tuple(
        judged(
            record,
            spec,
            test,
            row.text("unit"),
            _judge(row, answer[1] if answer else None),
            within=days("blood_lookback"),
        )
        for test in tests
    )
    beyond = tuple(sign for sign in results if sign.presence is Presence.PRESENT)
    if beyond:
        return beyond
    if answer is not None:
        positive, said = answer
        words = f"{'applies' if positive else 'does not apply'}, answered {said.effective.day_text}"
        reference = said.source.reference
        return (present(words, reference) if positive else absent(words, reference, settles=True),)
    if results:
        return results
    silent = not_found("not answered")
    return (unless_unread(silent, record, spec, Part.OBSERVATIONS, row.text("concept")),)


def _answer(
    row: DatedRow, record: PatientRecord, spec: DecisionSpec
) -> tuple[bool, Observation] | None:
    found = answered(record, spec.codelists, row.text("concept"))
    if found and found[1].effective.within(days("answer_lookback"), record.as_of):
        return found
    return None


def _judge(row: DatedRow, answer: Observation | None) -> Judge:
    limit, low = row.number_or_none("limit"), row.text("side") == _BELOW

    def judge(result: Result) -> Sign | None:
        taken = result.observation.effective
        if limit is None or (answer and answer.effective.latest >= taken.earliest):
            return None
        reference, upper = result.observation.source.reference, limit
        if not low:
            own = result.observation.reference_range
            if own is None or own.high is None:
                return not_found(f"{result.words}, without an upper limit of normal: not answered")
            # 1.5 times 1.2 is 1.8: binary dust must not carry a value over its limit.
            upper = float(exact(limit) * exact(own.high))
        quantity = result.quantity
        beyond = quantity.below(upper) if low else quantity.above(upper)
        side = "below" if low else "above"
        if beyond:
            return present(f"{result.words}, {side} {upper:g}", reference)
        return not_found(f"{result.words}, not {side} {upper:g}: not answered")

    return judge
