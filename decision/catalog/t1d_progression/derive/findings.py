"""Findings of this decision: one value each with its evidence, or the reason why there is none."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from decision.catalog.t1d_progression import equations
from decision.catalog.t1d_progression.antibodies import Kind, Profile, State
from decision.catalog.t1d_progression.derive import genes, glucose, samples
from decision.catalog.t1d_progression.derive.staged import STRATA, staged
from decision.catalog.t1d_progression.genetics import Ancestry
from decision.catalog.t1d_progression.local import Place
from decision.catalog.t1d_progression.refusals import UnitRefusedError
from decision.catalog.t1d_progression.staging import Outcome
from decision.catalog.t1d_progression.units import C_PEPTIDE, GLUCOSE, HBA1C, canonical
from decision.clinical.codes import Codelist
from decision.clinical.features import Evidence, Finding, Found, Missing, MissingReason
from decision.clinical.quantities import Moment
from decision.clinical.record import Observation, Origin, Part, PatientRecord, Source
from decision.clinical.refusal import RefusalError
from decision.clinical.spec import FeatureSpec
from decision.evidence.select import Reading, evidence_of, latest, too_old
from decision.evidence.unread import overshadowed, unread

Codelists = Mapping[str, Codelist]

_NAMED = {"glucose_60": "rejected_pregnancy_screen"}
_PEPTIDES = "rejected_vitamin_d"


def _evidence(sources: tuple[Source, ...], taken: Moment | None, how: str, **more: str) -> Evidence:
    by_hand = bool(sources) and all(s.origin is Origin.CLINICIAN for s in sources)
    return Evidence(
        sources=tuple(dict.fromkeys(sources)),
        effective=taken,
        origin=Origin.CLINICIAN if by_hand else Origin.RECORD,
        how=how,
        **more,
    )


def _unusable(detail: str, remedy: str = "") -> Missing:
    told = _sentence(remedy).removesuffix(".")
    return Missing(
        reason=MissingReason.UNUSABLE,
        detail=f"{_sentence(detail)}.",
        remedy=f"{told}." if told else "",
    )


def _sentence(words: str) -> str:
    return words[:1].upper() + words[1:]


def antibody(
    record: PatientRecord, feature: FeatureSpec, codelists: Codelists, kind: Kind
) -> Finding:
    """1 confirmed in a second sample, 0 negative; one positive sample is neither."""
    seen = samples.seen(record, kind, codelists)
    gaps = unread(record, Part.OBSERVATIONS, codelists[kind.concept], codelists[kind.stated])
    found = seen.antibody
    if found is None:
        nothing = Missing(
            reason=MissingReason.NOT_FOUND, detail=f"No {feature.short} in the record."
        )
        unjudged = _unusable(f"A result of {seen.unusable}") if seen.unusable else nothing
        return overshadowed(unjudged, gaps)
    newest = found.sampled.day_text if found.sampled else "an unrecorded date"
    if found.state is State.UNCONFIRMED:
        detail = f"Positive in one sample ({newest}), not confirmed in a second one"
        return overshadowed(_unusable(detail, "Take a second sample."), gaps)
    how = "as stated" if seen.stated else f"newest of {len(seen.results)} samples"
    caveat = "positive before, negative now" if found.reverted else ""
    if seen.unusable and not seen.stated:
        caveat = "; ".join(filter(None, (caveat, f"not used: {seen.unusable}")))
    value = float(found.state is State.CONFIRMED)
    evidence = _evidence(seen.sources, found.sampled, how, caveat=caveat)
    return overshadowed(Found(value=value, evidence=evidence), gaps)


def antibody_number(record: PatientRecord, feature: FeatureSpec, codelists: Codelists) -> Finding:
    """How many confirmed antibodies count. Not tested is not negative: that is said with it."""
    every = [samples.seen(record, kind, codelists) for kind in Kind]
    profile = samples.profile_of(every)
    open_ = [
        codelists[kind.concept]
        for kind, one in zip(Kind, every, strict=True)
        if one.stated is None or one.stated.source.origin is not Origin.CLINICIAN
    ]
    gaps = unread(record, Part.OBSERVATIONS, *open_) if open_ else ()
    if profile is None:
        unjudged = next((one.unusable for one in every if one.unusable), "")
        detail = f"An antibody result of {unjudged}" if unjudged else "No islet antibody result"
        missing = Missing(
            reason=MissingReason.UNUSABLE if unjudged else MissingReason.NOT_FOUND,
            detail=f"{detail}.",
            remedy="Enter the antibody results below.",
        )
        return overshadowed(missing, gaps)
    taken = [a.sampled for a in profile.tested if a.sampled]
    notes = [f"not tested: {', '.join(profile.untested)}"] if profile.untested else []
    notes += [f"not confirmed: {', '.join(profile.unconfirmed)}"] if profile.unconfirmed else []
    evidence = _evidence(
        tuple(source for one in every for source in one.sources),
        max(taken, key=lambda m: m.middle) if taken else None,
        "confirmed in a second sample each",
        caveat="; ".join(notes),
        words=_counted(profile),
    )
    return overshadowed(Found(value=float(profile.number), evidence=evidence), gaps, as_absent=True)


def _counted(profile: Profile) -> str:
    """`2 confirmed antibodies (GADA, IA-2A)`."""
    if not profile.confirmed:
        return "no confirmed islet antibody"
    antibodies = "antibody" if profile.number == 1 else "antibodies"
    return f"{profile.number} confirmed {antibodies} ({', '.join(profile.confirmed)})"


REMEDIES: Mapping[Outcome, str] = {
    Outcome.AWAITING_CONFIRMATION: "Take a second sample and open this page again.",
    Outcome.STAGE_3_UNCONFIRMED: "Repeat the test.",
    Outcome.OUTSIDE_SCOPE: "Nothing here speaks about this person.",
}
"""What would help where there is no stratum."""

NO_RULES = "Ask whoever runs this service for the rules of this place: no value entered helps."
_TO_ENTER = "Enter fasting glucose, 2-hour glucose or HbA1c below."


def stratum(
    record: PatientRecord, feature: FeatureSpec, codelists: Codelists, place: Place
) -> Finding:
    """The number of the stratum the stage belongs to; missing, with the reason, where no risk may
    be shown.
    """
    found = staged(record, codelists, place)
    staging = found.staging
    if staging.stratum is None:
        glucose_open = staging.antibodies is not None and not staging.fired
        remedy = REMEDIES.get(staging.outcome, _TO_ENTER if glucose_open else "")
        remedy = remedy if staging.ruled else NO_RULES
        detail = f"{_sentence(staging.outcome)}: {staging.reason}"
        missing = _unusable(detail, remedy)
        if staging.antibodies is None and found.gaps:
            missing = Missing(reason=MissingReason.NOT_FOUND, detail=missing.detail)
        return overshadowed(missing, found.gaps)
    taken = [m.taken for m in staging.considered]
    evidence = _evidence(
        found.sources,
        max(taken, key=lambda m: m.middle) if taken else None,
        staging.reason,
        words=staging.outcome.value,
        caveat="; ".join(f"{old.label} is of {old.taken.day_text}" for old in found.old),
    )
    value = float(STRATA.index(staging.stratum))
    return overshadowed(Found(value=value, evidence=evidence), found.gaps, as_absent=True)


def in_unit(record: PatientRecord, feature: FeatureSpec, codelists: Codelists) -> Finding:
    """The newest glucose or C-peptide in the equations' unit; a code that looks right and is not is
    refused by name where nothing else is there.
    """
    analyte = C_PEPTIDE if feature.id.startswith(C_PEPTIDE) else GLUCOSE

    def read(result: Observation) -> Reading | str:
        return _reading(result, codelists, analyte)

    found = latest(record, feature, codelists, read)
    if isinstance(found, Missing) and found.reason is MissingReason.NOT_FOUND:
        trap = _PEPTIDES if analyte == C_PEPTIDE else _NAMED.get(feature.id, "")
        if trap and (why := glucose.rejected(record, codelists, trap)):
            return _unusable(why)
    return found


def hba1c(record: PatientRecord, feature: FeatureSpec, codelists: Codelists) -> Finding:
    """The newest HbA1c in NGSP %; from mmol/mol in the steps in which a laboratory writes it, so
    that one sample has one value. Staging compares what was received and never rounds.
    """

    def read(result: Observation) -> Reading | str:
        reading, received = _reading(result, codelists, HBA1C), glucose.received(result)
        same = received is None or received.unit == feature.unit
        if isinstance(reading, str) or same or feature.entry is None:
            return reading
        step, (value, how) = Decimal(str(feature.entry.step)), reading
        return float(round(Decimal(value) / step) * step), how

    return latest(record, feature, codelists, read)


def _reading(result: Observation, codelists: Codelists, analyte: str) -> Reading | str:
    why, quantity = glucose.unfit(result, codelists), glucose.received(result)
    if why or quantity is None:
        return why
    try:
        value = canonical(analyte, quantity)
    except UnitRefusedError as refusal:
        return refusal.reason
    same = value == quantity.value
    return value, "latest result" if same else f"received as {quantity}"


def index60(record: PatientRecord, feature: FeatureSpec, codelists: Codelists) -> Finding:
    """Index60 of the newest 75 g test that has all it needs; never from two tests of the record."""
    gaps = unread(record, Part.OBSERVATIONS, *(codelists[c] for c in feature.concepts))
    every = glucose.glucose_tests(record, codelists)
    why = ""
    for test in every:
        try:
            value = equations.index60(test.ogtt)
        except RefusalError as refusal:
            told = f"of {test.taken.day_text}: {refusal.reason}"
            if test.conflicts:
                told += "; two different values of one time count as none"
            why = why or told
            continue
        used = tuple(test.results[name] for name in feature.concepts)
        if feature.lookback is not None and not test.taken.within(feature.lookback, record.as_of):
            return overshadowed(too_old(feature, used[0], feature.lookback), gaps)
        how = f"glucose test of {test.taken.day_text}"
        if any(u.source.origin is Origin.CLINICIAN for u in used):
            how += ", with what was entered"
        evidence = _evidence(tuple(u.source for u in used), test.taken, how)
        return overshadowed(Found(value=value, evidence=evidence), gaps)
    trap = glucose.rejected(record, codelists, _NAMED["glucose_60"])
    trap = trap or glucose.rejected(record, codelists, _PEPTIDES)
    remedy = "Enter glucose and C-peptide of one test below."
    if trap:
        return overshadowed(_unusable(trap, remedy), gaps)
    if why and any(minute for t in every for n in t.results if (minute := glucose.minute_of(n)[1])):
        return overshadowed(_unusable(f"Glucose test {why}", remedy), gaps)
    nothing = Missing(
        reason=MissingReason.NOT_FOUND,
        detail="No complete glucose test with C-peptide in the record.",
        remedy=remedy,
    )
    return overshadowed(nothing, gaps)


def grs2(record: PatientRecord, feature: FeatureSpec, codelists: Codelists) -> Finding:
    """GRS2 with a version and European ancestry; any other score is refused, none is converted."""
    gaps = unread(record, Part.OBSERVATIONS, codelists["grs2"])
    try:
        score = genes.grs2_of(record, codelists)
    except RefusalError as refusal:
        return overshadowed(_unusable(_sentence(refusal.reason), refusal.remedy), gaps)
    result = genes.result_of(record, codelists, "grs2")
    if score is None or result is None:
        missing = latest(record, feature, codelists, lambda o: "it is a bound or no number")
        return missing
    if why := genes.foreign(score.ancestry):
        remedy = "State the ancestry below, if it is European."
        return overshadowed(_unusable(f"GRS2 is not read: {why.removesuffix('.')}", remedy), gaps)
    return overshadowed(
        Found(value=score.value, evidence=evidence_of(result, f"computed by {score.version}")), gaps
    )


def ancestry(record: PatientRecord, feature: FeatureSpec, codelists: Codelists) -> Finding:
    """1 European, 0 another, as stated; nothing is inferred."""
    meant, said = genes.ancestry(record, codelists)
    gaps = unread(record, Part.OBSERVATIONS, codelists["genetic_ancestry"])
    if said is None:
        detail = "No ancestry is stated with a genetic score."
        return overshadowed(Missing(reason=MissingReason.NOT_FOUND, detail=detail), gaps)
    evidence = _evidence((said.source,), said.effective, "as stated", words=meant.value)
    return overshadowed(Found(value=float(meant is Ancestry.EUROPEAN), evidence=evidence), gaps)
