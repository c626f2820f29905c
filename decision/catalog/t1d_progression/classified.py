"""The stage in words: what was met, what was looked at, what is missing, whose table it is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from decision.catalog.t1d_progression.antibodies import Antibody, State
from decision.catalog.t1d_progression.criteria import Config, Fired, Measurement
from decision.catalog.t1d_progression.derive import genes
from decision.catalog.t1d_progression.derive.staged import Staged
from decision.catalog.t1d_progression.staging import Outcome, Staging
from decision.catalog.t1d_progression.tables import STAGING
from decision.clinical.codes import Code
from decision.clinical.dates import dated, moment
from decision.clinical.gaps import all_happened
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
    return Classification(
        id=identity(staging.outcome),
        label=LABELS[staging.outcome],
        detail=_sentence(dated(staging.reason)),
        settled=staging.outcome in SETTLED and not found.gaps,
        criteria=(*_positive(staging), *map(_met, staging.fired)),
        considered=(*_tested(staging), *map(_measured, staging.considered)),
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
    """`GADA positive, confirmed in a second sample, 4 May 2027`."""
    when = f", {moment(found.sampled)}" if found.sampled else ""
    return f"{found.kind} {found.state}{when}"


def _positive(staging: Staging) -> tuple[str, ...]:
    if staging.antibodies is None:
        return ()
    counted = (a for a in staging.antibodies.tested if a.kind.counted)
    return tuple(_antibody(a) for a in counted if a.state is State.CONFIRMED)


def _tested(staging: Staging) -> tuple[str, ...]:
    return tuple(map(_antibody, staging.antibodies.tested)) if staging.antibodies else ()


def _notes(found: Staged) -> Iterator[str]:
    staging = found.staging
    if found.symptoms:
        yield "symptoms of hyperglycaemia are stated"
    yield from staging.notes
    config = Config.of(staging.as_of.date(), staging.jurisdiction)
    age = config.input_age
    for old in found.old:
        limit = f", older than {age.days} days" if age else ""
        yield f"{old.label} is of {moment(old.taken)}{limit}"
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
        return f"No staging thresholds have been entered for {where}."
    table = next(row for row in rows if row.edition)
    begun = dated(table.effective_from.isoformat())
    return (
        f"{table.source}, edition {table.edition}, for {where} since {begun};"
        f" table version {staging.config_version}"
    )
