"""Published scores and figures in words: what each says of this person, or why it says nothing."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable
from decimal import ROUND_HALF_UP, Context

from decision.catalog.t1d_progression import comparators as published
from decision.catalog.t1d_progression import equations
from decision.catalog.t1d_progression.anchors import Anchor, anchor
from decision.catalog.t1d_progression.comparators import (
    Approximations,
    Circumstances,
    Person,
    ScoreResult,
)
from decision.catalog.t1d_progression.derive import genes
from decision.catalog.t1d_progression.derive.glucose import GlucoseTest, glucose_tests, minute_of
from decision.catalog.t1d_progression.derive.persons import stated
from decision.catalog.t1d_progression.derive.staged import Staged
from decision.catalog.t1d_progression.genetics import ANCESTRY_NOTE, CentileBand, Grs2x
from decision.catalog.t1d_progression.limits import lookback
from decision.catalog.t1d_progression.local import Place
from decision.catalog.t1d_progression.refusals import NotPublishedError
from decision.catalog.t1d_progression.tables import PARAMETERS
from decision.catalog.t1d_progression.trialnet import RelativeHazard, Submodel, reference_person
from decision.clinical.dates import moment
from decision.clinical.features import FeatureVector
from decision.clinical.quantities import Quantity
from decision.clinical.record import PatientRecord
from decision.clinical.refusal import RefusalError, Refused
from decision.clinical.scores.checks import exact
from decision.clinical.situation import Comparator, PublishedRisk
from decision.clinical.spec import DecisionSpec
from decision.evidence.courses import started

_GENETIC = frozenset({"combined_risk", "grs2x_centile", "merged41"})
_ASIDE = " (upper bound only)"
"""Of a table's row; the words of a figure say it themselves."""
_WITH_GRS2 = frozenset({Submodel.FULL, Submodel.NO_HBA1C, Submodel.NO_OGTT, Submodel.GRS2_ALONE})


def compared(
    record: PatientRecord,
    spec: DecisionSpec,
    features: FeatureVector,
    found: Staged,
    place: Place,
) -> tuple[Comparator, ...]:
    """Every comparator, those that are refused or not published included."""
    tests = _recent(record, glucose_tests(record, spec.codelists))
    person = _person(record, spec, features, found, _complete(tests, _index60))
    results = _results(person, place)
    by_test = dataclasses.replace(person, ogtt=_of(_complete(tests, lambda t: _dptrs(t, person))))
    results["dptrs"] = _results(by_test, place)["dptrs"]
    centile = _grs2x(record, spec)
    if centile is not None:
        with_centile = dataclasses.replace(person, genetic_score=centile)
        results["grs2x_centile"] = _results(with_centile, place)["grs2x_centile"]
    used = {"dptrs": _complete(tests, lambda t: _dptrs(t, person))}
    used |= dict.fromkeys(("index60", "trialnet_cox"), _complete(tests, _index60))
    return tuple(_worded(one, used.get(one.id)) for one in results.values())


def _results(person: Person, place: Place) -> dict[str, published.Comparator]:
    every = published.comparators(person, noncommercial=place.noncommercial)
    return {one.id: one for one in every}


def _person(
    record: PatientRecord,
    spec: DecisionSpec,
    features: FeatureVector,
    found: Staged,
    test: GlucoseTest | None,
) -> Person:
    value, codelists = features.value, spec.codelists
    male, relative, hba1c = value("male"), value("relative"), value("hba1c")
    given = any(started(e, record) for e in record.exposed(codelists["teplizumab"]))
    return Person(
        staging=found.staging,
        age_years=value("age"),
        male=None if male is None else bool(male),
        bmi_kg_m2=value("bmi"),
        ogtt=_of(test),
        hba1c=None if hba1c is None else Quantity(value=hba1c, unit=spec.feature("hba1c").unit),
        genetic_score=genes.score_for_comparators(record, codelists),
        family_history=None if relative is None else bool(relative),
        circumstances=Circumstances(
            suspected_type_2=stated(record, codelists, "suspected_type_2_diabetes"),
            suspected_monogenic=stated(record, codelists, "suspected_monogenic_diabetes"),
            anti_cd3_treated=given or stated(record, codelists, "anti_cd3_treated"),
        ),
    )


def _of(test: GlucoseTest | None) -> equations.Ogtt:
    return equations.Ogtt() if test is None else test.ogtt


def _recent(record: PatientRecord, tests: Iterable[GlucoseTest]) -> tuple[GlucoseTest, ...]:
    """Tests that are no older than the model's own, with more than a fasting value."""
    within = lookback("index60")
    return tuple(
        test
        for test in tests
        if any(minute_of(name)[1] for name in test.results)
        and (within is None or test.taken.within(within, record.as_of))
    )


def _complete(
    tests: tuple[GlucoseTest, ...], needs: Callable[[GlucoseTest], float]
) -> GlucoseTest | None:
    """The newest test that the equation can be worked out from; else the newest there is, so that
    the refusal names what it lacks.
    """
    for test in tests:
        try:
            needs(test)
        except RefusalError:
            continue
        return test
    return tests[0] if tests else None


def _index60(test: GlucoseTest) -> float:
    return equations.index60(test.ogtt)


def _dptrs(test: GlucoseTest, person: Person) -> float:
    return equations.dptrs(bmi_kg_m2=person.bmi_kg_m2, age_years=person.age_years, ogtt=test.ogtt)


def _grs2x(record: PatientRecord, spec: DecisionSpec) -> Grs2x | None:
    try:
        score = genes.typed(record, spec.codelists, "grs2x")
    except RefusalError:
        return None
    return score if isinstance(score, Grs2x) else None


def _worded(one: published.Comparator, test: GlucoseTest | None) -> Comparator:
    result = one.result
    refused = result if isinstance(result, Refused) else None
    anchors = _anchors(result)
    said = "" if refused else _said(one.id, result, test)
    extra = [*_unplaced(anchors), *_notes(one.id, result)]
    return Comparator(
        id=one.id,
        label=one.label,
        said=said,
        refused=_sentence(refused.reason) if refused else "",
        remedy=_sentence(refused.remedy) if refused else "",
        population=one.population,
        units=one.units,
        validity=one.validity,
        licence=one.licence,
        source=one.source,
        status=one.status,
        note=" ".join(_stopped(note) for note in (one.note, *extra) if note),
        risks=tuple(r for a in anchors if (r := _risk(a))),
        published=refused is None or refused.kind != NotPublishedError.__name__,
    )


def _sentence(words: str) -> str:
    return words[:1].upper() + words[1:]


def _stopped(words: str) -> str:
    told = _sentence(words.strip())
    return told if told.endswith(".") else f"{told}."


def _anchors(result: published.Result) -> tuple[Anchor, ...]:
    if isinstance(result, tuple):
        return tuple(sorted(result, key=lambda a: a.horizon_years or 0))
    return result.quotations if isinstance(result, ScoreResult) else ()


def _said(comparator: str, result: published.Result, test: GlucoseTest | None) -> str:
    when = f", from the glucose test of {moment(test.taken)}" if test else ""
    if isinstance(result, ScoreResult):
        means = [*_limits(comparator, result.value), *_together(_placed(result))]
        return "; ".join([f"{result.value:.2f}{when}", *means])
    if isinstance(result, RelativeHazard):
        return f"{_times(result)} the hazard of the cohort's reference; no absolute risk published"
    if isinstance(result, CentileBand):
        return _sentence(result.words)
    if isinstance(result, Approximations):
        sources = dict.fromkeys(labelled.from_anchor for _, labelled in result.by_years)
        told = [
            f"{_of_100(labelled.value)} within {years:g} {_years(years)} ({labelled.label})"
            for years, labelled in result.by_years
        ]
        return "; ".join([*told, *(f"worked out from {_quoted(anchor(s))}" for s in sources)])
    if isinstance(result, tuple):
        return "; ".join(_together(_anchors(result)))
    return ""


def _limits(comparator: str, value: float) -> list[str]:
    """On which side of its published limits a score lies: the highest reached, the next above."""
    rows = [row for row in PARAMETERS.rows if row.id.startswith(f"{comparator}-limit")]
    reached = [row for row in rows if value >= row.number("value")]
    above = [row for row in rows if value < row.number("value")]
    sides = (("at or above", reached[-1:]), ("below", above[:1]))
    return [
        f"{side} {row.number('value'):.2f} ({row.text('meaning')})"
        for side, found in sides
        for row in found
    ]


def _placed(result: ScoreResult) -> tuple[Anchor, ...]:
    return tuple(a for a in _anchors(result) if a.horizon_years is not None)


def _times(result: RelativeHazard) -> str:
    """`2.3 times`; beyond the display caps `more than 20 times (extrapolated)`."""
    number, _, extrapolated = result.shown.partition(", ")
    for sign, words in ((">", "more than"), ("<", "less than")):
        number = number.replace(sign, words)
    return f"{number} times{f' ({extrapolated})' if extrapolated else ''}"


def _years(years: float) -> str:
    return "year" if years == 1 else "years"


def _of_100(share: float) -> str:
    """`36 of 100`; a small share with a decimal, so that it is not nothing."""
    whole = PARAMETERS["people-shown"].number("value")
    digits = int(PARAMETERS["digits-shown"].number("value"))
    shown = Context(prec=digits, rounding=ROUND_HALF_UP).create_decimal(exact(share) * int(whole))
    return f"{float(shown):g} of {whole:g}"


def _quoted(found: Anchor) -> str:
    """`36 of 100 within 5 years (TEDDY children: 2 autoantibodies, from first autoantibody)`."""
    return f"{_figure(found)} ({_whom(found)})"


def _together(found: Iterable[Anchor]) -> list[str]:
    """Figures of the same people in one: `60 of 100 within 2 years, 75 of 100 within 5 years (…)`.

    A figure without its people and its condition may be taken for that of others.
    """
    by_whom: dict[str, list[str]] = {}
    for each in found:
        by_whom.setdefault(_whom(each), []).append(_figure(each))
    return [f"{', '.join(figures)} ({whom})" for whom, figures in by_whom.items()]


def _whom(found: Anchor) -> str:
    condition = found.condition.replace("; ", ", ").replace(_ASIDE, "")
    return _signs(f"{found.population}: {condition}")


def _figure(found: Anchor) -> str:
    if found.risk is not None:
        number = _of_100(found.risk)
    elif found.low is not None and found.high is not None:
        number = f"{_of_100(found.low)} to {_of_100(found.high)}"
    elif found.high is not None:
        number = f"fewer than {_of_100(found.high)}"
    else:
        number = "a range without ends"
    years = found.horizon_years
    within = f" within {years:g} {_years(years)}" if years else ""
    return f"{number}{within}"


def _signs(words: str) -> str:
    """Comparisons as they are read: the tables are written in ASCII."""
    return words.replace(">=", "≥ ").replace("<=", "≤ ").replace("  ", " ")


def _risk(found: Anchor) -> PublishedRisk | None:
    """The figure to set beside our own; None where its follow-up is not stated, or where it counts
    another outcome than diabetes.
    """
    if found.horizon_years is None or "MULTIPLE" in found.condition:
        return None
    return PublishedRisk(
        years=found.horizon_years,
        risk=found.risk,
        low=found.low,
        high=found.high,
        population=_signs(f"{found.population}: {found.condition}"),
        source=found.source,
        status=found.status,
    )


def _unplaced(anchors: tuple[Anchor, ...]) -> list[str]:
    """Published figures of a score that no horizon can be given to."""
    return [f"Published: {_quoted(a)}, {a.condition}" for a in anchors if a.horizon_years is None]


def _notes(comparator: str, result: published.Result) -> list[str]:
    if isinstance(result, Refused):
        return []
    if isinstance(result, CentileBand):
        return [ANCESTRY_NOTE, result.note]
    if isinstance(result, RelativeHazard):
        notes = [f"Model {result.submodel.replace('_', ' ')}", f"Reference: {reference_person()}"]
        notes += [
            f"Not the model {name.replace('_', ' ')}: {why}" for name, why in result.passed_over
        ]
        return [*notes, ANCESTRY_NOTE] if result.submodel in _WITH_GRS2 else notes
    return [ANCESTRY_NOTE] if comparator in _GENETIC else []
