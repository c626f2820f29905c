"""Treatment courses in a chart: what was begun when, what was known then, how it went.

- A course is one drug of a compared class, by its code. Orders of the same drug with at most 90
  days between them are one course. Only the first course of a drug counts: a restart is another
  question.
- Its index date is the day on which it began, as the chart writes it. A start that is known to the
  month only, or two classes begun on one day, make no course; each is counted with its reason.
- What was known is the chart as it stood at the end of that day (`cohorts.hindsight`) without the
  drug itself: at the bedside it has not been begun yet.
- A course is left out where the page would have refused: by a criterion of the decision, or by a
  value that no answer is given for; and where nothing of the outcome was measured at the start.
- The outcome visit is the day in the decision's window on which all components were measured,
  the nearest to the target week, the earlier of two; only what was measured that day counts.
- The drug was stopped on the day its last order ended, if no other follows within 90 days; at the
  latest when another compared drug was begun or the patient died.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta

from cohorts.charts import Reader
from cohorts.hindsight import as_it_stood
from decision.clinical.endpoint import Endpoint
from decision.clinical.features import FeatureVector, Found
from decision.clinical.quantities import Moment, Precision
from decision.clinical.record import MedicationExposure, MedicationState, PatientRecord
from decision.clinical.spec import DecisionSpec, Eligibility
from decision.rules import derive_features
from fhir.fields import Json, text

GAP = timedelta(days=90)
"""Between two orders of one drug that are still one course: a refill is often late."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """One drug that was begun: the class, the first day, and the resources that speak of it.

    `stopped` is the day on which it ended, None where it goes on or nothing says.
    """

    drug: str
    treatment: str
    day: date
    references: frozenset[str]
    stopped: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """One row of a cohort table: what was known at the start, and what became of it."""

    treatment: str
    start: date
    features: FeatureVector = field(repr=False)
    visit: date | None
    components: dict[str, float] = field(repr=False)
    stopped: date | None


def courses_of(
    resources: tuple[Json, ...], taken: str, reader: Reader, endpoint: Endpoint, left: Counter[str]
) -> Iterator[Course]:
    """The courses of one chart, oldest first; `left` counts what made none, by reason.

    Raises
    ------
    fhir.errors.BundleError
        Where the bedside would refuse the chart as well.
    """
    record = reader.record(resources, taken)
    found = begun(record, reader.spec, left)
    for one in found:
        if any(o.day == one.day and o.treatment != one.treatment for o in found):
            left["two treatments begun on one day"] += 1
            continue
        known = _before(resources, one)
        then = reader.record(known, end_of(one.day, record))
        features = derive_features(then, reader.spec)
        if why := _refused(then, features, reader.spec, endpoint):
            left[why] += 1
            continue
        visit, components = outcome_visit(record, resources, one.day, reader, endpoint)
        yield Course(
            treatment=one.treatment,
            start=one.day,
            features=features,
            visit=visit,
            components=components,
            stopped=_stopped(one, found, record),
        )


def end_of(day: date, record: PatientRecord) -> str:
    """The last instant of a day, as a Bundle writes its time: by UTC, or later where the chart has
    a result of that day in a zone further west.
    """
    last = datetime.combine(day, time(23, 59, 59), tzinfo=UTC)
    written = day.isoformat()
    there = [
        o.effective.latest
        for o in record.observations
        if o.effective.precision is Precision.INSTANT and o.effective.text.startswith(written)
    ]
    return max(last, *there).isoformat() if there else last.isoformat()


def begun(record: PatientRecord, spec: DecisionSpec, left: Counter[str]) -> tuple[Begun, ...]:
    """The first course of every compared drug in the chart, oldest first."""
    by_drug: dict[tuple[str, str], list[MedicationExposure]] = {}
    for exposure in record.medications:
        if exposure.state is MedicationState.PLANNED:
            continue
        if named := _drug(exposure, spec):
            by_drug.setdefault(named, []).append(exposure)
    found = []
    for (drug, treatment), exposures in by_drug.items():
        undated = [e for e in exposures if e.start is None]
        dated = sorted(
            (e for e in exposures if e.start is not None), key=lambda e: _moment(e.start).earliest
        )
        if undated or not dated or _day(_moment(dated[0].start)) is None:
            left["start not known to the day"] += 1
            continue
        found.append(_first_course(drug, treatment, dated))
    return tuple(sorted(found, key=lambda b: (b.day, b.drug)))


def _drug(exposure: MedicationExposure, spec: DecisionSpec) -> tuple[str, str] | None:
    """The drug and its class, where its codes are on the decision's lists."""
    for treatment in spec.treatments:
        if spec.codelists[treatment.id].matches(exposure.codes):
            drugs = (d for d in spec.history.drugs if spec.codelists[d].matches(exposure.codes))
            return next(drugs, treatment.id), treatment.id
    return None


def _first_course(drug: str, treatment: str, exposures: list[MedicationExposure]) -> Begun:
    first = _day(_moment(exposures[0].start)) or date.min
    until: date | None = first
    open_end = False
    for exposure in exposures:
        start = _day(_moment(exposure.start))
        end = _day(exposure.end) if exposure.end else None
        if start is None:
            continue
        if not open_end and until is not None and start > until + GAP:
            break
        if exposure.state is MedicationState.ACTIVE or (
            exposure.state is MedicationState.STOPPED and end is None
        ):
            open_end = True
        elif end is not None:
            until = max(until or end, end)
    return Begun(
        drug=drug,
        treatment=treatment,
        day=first,
        references=frozenset(e.source.reference for e in exposures),
        stopped=None if open_end else until,
    )


def _before(resources: tuple[Json, ...], one: Begun) -> tuple[Json, ...]:
    """The chart as it stood on the index day, the drug that was begun apart."""
    others = (
        r for r in resources if f"{r.get('resourceType')}/{r.get('id')}" not in one.references
    )
    return as_it_stood(others, one.day.isoformat())


def _refused(
    record: PatientRecord, features: FeatureVector, spec: DecisionSpec, endpoint: Endpoint
) -> str:
    """Why the page would have given no answer whatever else was entered; "" where it might."""
    for criterion in spec.eligibility(record, spec):
        if criterion.state is Eligibility.NOT_MET:
            return f"not for this decision: {criterion.id}"
    for name, value in features.values.items():
        if value not in spec.feature(name).supported:
            return f"outside what answers are given for: {name}"
    if all(features.value(c) is None for c in endpoint.components):
        return "nothing of the outcome was measured at the start"
    return ""


def _stopped(one: Begun, found: Iterable[Begun], record: PatientRecord) -> date | None:
    ends = [one.stopped] if one.stopped else []
    ends += [o.day for o in found if o.day > one.day]
    if record.deceased and (died := _day(record.deceased)):
        ends.append(died)
    return min(ends, default=None)


def outcome_visit(
    record: PatientRecord,
    resources: tuple[Json, ...],
    start: date,
    reader: Reader,
    endpoint: Endpoint,
) -> tuple[date | None, dict[str, float]]:
    """The visit that tells the outcome, and its components by the decision's own rules."""
    first, last = (start + timedelta(weeks=w) for w in endpoint.window_weeks)
    target = start + timedelta(weeks=endpoint.target_week)
    spec = reader.spec
    concepts = [spec.codelists[spec.feature(c).concepts[0]] for c in endpoint.components]
    days = {
        day
        for o in record.observations
        if any(c.matches(o.codes) for c in concepts)
        if (day := _day(o.effective)) and first <= day <= last
    }
    for day in sorted(days, key=lambda d: (abs((d - target).days), d)):
        values = _measured(resources, end_of(day, record), day, reader, endpoint)
        if len(values) == len(endpoint.components):
            return day, values
    return None, {}


def _measured(
    resources: tuple[Json, ...], at: str, day: date, reader: Reader, endpoint: Endpoint
) -> dict[str, float]:
    """The components that were measured on that very day."""
    of_the_day = tuple(r for r in resources if _person(r) or _observed(r, day.isoformat()))
    then = reader.record(of_the_day, at)
    spec = reader.spec
    found = {}
    for component in endpoint.components:
        feature = spec.feature(component)
        finding = feature.derive(then, feature, spec.codelists)
        if isinstance(finding, Found):
            found[component] = finding.value
    return found


def _person(resource: Json) -> bool:
    return resource.get("resourceType") == "Patient"


def _observed(resource: Json, day: str) -> bool:
    if resource.get("resourceType") != "Observation":
        return False
    return text(resource, "effectiveDateTime").startswith(day)


def _day(moment: Moment) -> date | None:
    """The day as the chart writes it; None where it is known less exactly."""
    if moment.precision in (Precision.DAY, Precision.INSTANT):
        return date.fromisoformat(moment.text[:10])
    return None


def _moment(moment: Moment | None) -> Moment:
    if moment is None:
        raise TypeError("an exposure without a start was not set aside")
    return moment
