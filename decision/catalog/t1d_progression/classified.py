"""The stage in words: what was met, what was looked at, what is missing, whose table it is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType

from decision.catalog.t1d_progression.antibodies import Antibody, State
from decision.catalog.t1d_progression.criteria import Config, Fired, Measurement
from decision.catalog.t1d_progression.derive import genes
from decision.catalog.t1d_progression.derive.staged import Staged
from decision.catalog.t1d_progression.staging import Outcome, Staging, no_thresholds
from decision.catalog.t1d_progression.tables import STAGING
from decision.catalog.t1d_progression.units import and_
from decision.clinical.codes import Code
from decision.clinical.dates import dated, moment
from decision.clinical.gaps import all_happened
from decision.clinical.quantities import Moment
from decision.clinical.record import PatientRecord
from decision.clinical.refusal import RefusalError
from decision.clinical.situation import Classification
from decision.clinical.spec import DecisionSpec
from decision.evidence.select import FINAL, on_record

LABELS: Mapping[Outcome, str] = MappingProxyType(
    {outcome: f"{outcome[:1].upper()}{outcome[1:]}" for outcome in Outcome}
)
"""`Stage 2`, `Stage 1, provisional`, `Not stageable`."""

SETTLED = frozenset({Outcome.SINGLE_ANTIBODY, Outcome.STAGE_1, Outcome.STAGE_2, Outcome.STAGE_3})

_HLA = "hla_"


def identity(outcome: Outcome) -> str:
    """Its code for the trail, such as `stage_1_provisional`."""
    return outcome.value.replace(",", "").replace(" ", "_")


def classification(record: PatientRecord, spec: DecisionSpec, found: Staged) -> Classification:
    """The stage of one record, ready to be shown."""
    staging = found.staging
    notes = (*_notes(found), *_genes(record, spec))
    looked_at = (*_tested(staging), *map(_measured, staging.considered))
    return Classification(
        id=identity(staging.outcome),
        label=LABELS[staging.outcome],
        detail=_sentence(dated(staging.reason)),
        settled=staging.outcome in SETTLED and not found.gaps,
        criteria=(*_positive(staging), *map(_met, staging.fired)),
        considered=(*looked_at, f"Table of thresholds: version {staging.config_version}"),
        missing=tuple(map(_sentence, staging.missing)),
        notes=tuple(_sentence(dated(note)) for note in notes),
        rules=_rules(staging),
    )


def _sentence(words: str) -> str:
    return words[:1].upper() + words[1:]


def _measured(m: Measurement) -> str:
    """`2-hour glucose 152 mg/dL, 4 May 2027`."""
    return f"{_sentence(m.criterion)} {m.quantity}, {moment(m.taken)}"


def _met(fired: Fired) -> str:
    when = moment(fired.measurement.taken)
    limit = (
        f"reaches {fired.limit}"
        if fired.baseline is None
        else f"at least {fired.limit.value:g} times"
    )
    return f"{_sentence(dated(fired.words))}, {when}: {limit} ({fired.band})"


def _antibody(found: Antibody) -> str:
    """`GADA positive, confirmed in a second sample, 4 May 2027; first positive 6 Jun 2025`."""
    when = f", {moment(found.sampled)}" if found.sampled else ""
    first = found.first_positive if found.state is not State.NEGATIVE else None
    begun = f"; first positive {moment(first)}" if first and first != found.sampled else ""
    return f"{found.kind} {found.state}{when}{begun}"


def _positive(staging: Staging) -> tuple[str, ...]:
    """`GADA and IA-2A positive, confirmed in a second sample, 4 May 2027`: a line for a date."""
    counted = [a for a in _each(staging) if a.kind.counted and a.state is State.CONFIRMED]
    lines = _by_day((str(a.kind), a.sampled) for a in counted)
    return tuple(
        f"{and_(names)} {State.CONFIRMED}{f', {when}' if when else ''}" for when, names in lines
    )


def _each(staging: Staging) -> tuple[Antibody, ...]:
    return staging.antibodies.tested if staging.antibodies else ()


def _by_day(named: Iterable[tuple[str, Moment | None]]) -> list[tuple[str, list[str]]]:
    """(day, the names of that day), in the order in which the days first come."""
    days: dict[str, list[str]] = {}
    for name, when in named:
        days.setdefault(moment(when) if when else "", []).append(name)
    return list(days.items())


def _tested(staging: Staging) -> tuple[str, ...]:
    return tuple(map(_antibody, _each(staging)))


def _notes(found: Staged) -> Iterator[str]:
    staging = found.staging
    if found.symptoms:
        yield "symptoms of hyperglycaemia are stated"
    yield from staging.notes
    config = Config.of(staging.as_of.date(), staging.jurisdiction)
    age = config.input_age
    for when, labels in _by_day((str(old.label), old.taken) for old in found.old):
        limit = f", older than {age.days} days" if age else ""
        yield f"{and_(labels)}: of {when}{limit}"
    yield from found.unusable
    if found.gaps:
        yield f"{all_happened(found.gaps)}: the stage may be another"


def _genes(record: PatientRecord, spec: DecisionSpec) -> Iterator[str]:
    """What is on record of genes and is not read for the stage; refused scores with the reason."""
    try:
        genes.grs2_of(record, spec.codelists)
    except RefusalError as refusal:
        yield f"genetic score not used: {refusal.reason}"
    for concept in (c for c in spec.codelists if c.startswith(_HLA)):
        for result in on_record(record, spec.codelists[concept]):
            if result.status in FINAL:
                name = concept.removeprefix(_HLA).replace("_", " and ").upper()
                said = result.value
                shown = said.display or said.code if isinstance(said, Code) else ""
                value = f" {shown}" if shown else ""
                yield f"HLA {name}{value}, {moment(result.effective)}: described, no model reads it"
                break


def _rules(staging: Staging) -> str:
    """Whose thresholds, where, of which edition and since when."""
    where = staging.jurisdiction or "this place"
    rows = STAGING.in_force(staging.as_of.date(), staging.jurisdiction)
    if not rows:
        return f"{dated(no_thresholds(staging.as_of.date(), staging.jurisdiction))}."
    table = next(row for row in rows if row.edition)
    begun = dated(table.effective_from.isoformat())
    return f"{table.source}, edition {table.edition}, for {where} since {begun}"
