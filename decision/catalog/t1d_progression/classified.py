"""The stage in words: what was met, what was looked at, what is missing, whose table it is."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from decision.catalog.t1d_progression.antibodies import Antibody, State
from decision.catalog.t1d_progression.criteria import Fired, Measurement
from decision.catalog.t1d_progression.derive.staged import Staged
from decision.catalog.t1d_progression.staging import Outcome, Staging
from decision.catalog.t1d_progression.tables import STAGING
from decision.clinical.dates import moment
from decision.clinical.situation import Classification

LABELS: Mapping[Outcome, str] = MappingProxyType(
    {outcome: f"{outcome[:1].upper()}{outcome[1:]}" for outcome in Outcome}
)
"""`Stage 2`, `Stage 1, provisional`, `Not stageable`."""

SETTLED = frozenset({Outcome.SINGLE_ANTIBODY, Outcome.STAGE_1, Outcome.STAGE_2, Outcome.STAGE_3})


def identity(outcome: Outcome) -> str:
    """Its code for the trail, such as `stage_1_provisional`."""
    return outcome.value.replace(",", "").replace(" ", "_")


def classification(found: Staged) -> Classification:
    """The stage of one record, ready to be shown."""
    staging = found.staging
    return Classification(
        id=identity(staging.outcome),
        label=LABELS[staging.outcome],
        detail=sentence(staging.reason),
        settled=staging.outcome in SETTLED,
        criteria=(*_antibodies(staging), *(_met(f) for f in staging.fired)),
        considered=tuple(map(measured, staging.considered)),
        missing=tuple(sentence(c) for c in staging.missing),
        notes=tuple(map(sentence, _notes(found))),
        rules=_rules(staging),
    )


def sentence(words: str) -> str:
    """With a capital."""
    return words[:1].upper() + words[1:]


def measured(m: Measurement) -> str:
    """`2-hour glucose 152 mg/dL, 4 May 2027`."""
    return f"{sentence(m.criterion)} {m.quantity}, {moment(m.taken)}"


def _met(fired: Fired) -> str:
    return f"{measured(fired.measurement)}: reaches {fired.limit} ({fired.band})"


def antibody(found: Antibody) -> str:
    """`GADA positive, confirmed in a second sample, 4 May 2027`."""
    when = f", {moment(found.sampled)}" if found.sampled else ""
    return f"{found.kind} {found.state}{when}"


def _antibodies(staging: Staging) -> tuple[str, ...]:
    if staging.antibodies is None:
        return ()
    positive = [a for a in staging.antibodies.tested if a.state is not State.NEGATIVE]
    return tuple(antibody(a) for a in positive if a.kind.counted)


def _notes(found: Staged) -> tuple[str, ...]:
    old = (f"{o.label} is of {moment(o.taken)}: over 6 months old" for o in found.staging.old)
    symptoms = ("symptoms of hyperglycaemia are stated",) if found.symptoms else ()
    return (*symptoms, *found.staging.notes, *old, *found.unusable)


def _rules(staging: Staging) -> str:
    """Whose thresholds, where, of which edition and since when; what was found alone is cited."""
    rows = STAGING.in_force(staging.as_of.date(), staging.jurisdiction)
    if not rows:
        return f"No staging thresholds have been entered for {staging.jurisdiction or 'this place'}"
    first = rows[0]
    return (
        f"{first.source}, {first.edition}; {first.jurisdiction}, in force since"
        f" {first.effective_from.isoformat()}; table {staging.config_version}"
    )
