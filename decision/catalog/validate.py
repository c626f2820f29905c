"""What must hold of any decision before it may speak: every reference resolves, every number is
cited."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator

from decision.clinical.spec import DecisionSpec, EntryKind, Modality, Transform


class SpecError(ValueError):
    """A decision that may not be used; the message names the folder, the file and the remedy."""


NEEDED = (
    "interval_level",
    "widest_range",
    "domain_p_value",
    "widest_usual_range",
    "smallest_calibration_band",
    "smallest_reason",
)
"""Thresholds that the rules and the pages read from every decision."""

NEEDED_TO_COMPARE = ("naming_margin", "smallest_comparable")
"""And from every comparison."""


def _twice(what: str, ids: Iterable[str]) -> Iterator[str]:
    for name, count in Counter(ids).items():
        if count > 1:
            yield f"{what} {name!r} is defined {count} times; ids must be unique"


def _unique(spec: DecisionSpec) -> Iterator[str]:
    yield from _twice("feature", (f.id for f in spec.features))
    yield from _twice("player", (p.id for p in spec.players))
    yield from _twice("column", (c.id for c in spec.columns))
    yield from _twice("stratum", (s.id for s in spec.strata))
    yield from _twice("treatment", (t.id for t in spec.treatments))
    yield from _twice("caution", (r.id for r in spec.cautions))
    yield from _twice("override reason", (r.code for r in spec.override_reasons))


def _features(spec: DecisionSpec) -> Iterator[str]:
    for feature in spec.features:
        for concept in feature.concepts:
            if concept not in spec.codelists:
                yield f"feature {feature.id!r} names concept {concept!r}, which has no code list"
        if feature.supported.low >= feature.supported.high:
            yield f"feature {feature.id!r} supports no value: low is not below high"
        if not feature.supported.citation:
            yield f"feature {feature.id!r} has limits without a citation"
        entry = feature.entry
        if entry is None:
            continue
        if entry.concept not in spec.codelists:
            yield f"feature {feature.id!r} files entries under unknown concept {entry.concept!r}"
        if (entry.kind is EntryKind.CHOICE) != bool(entry.choices):
            yield f"feature {feature.id!r}: choices go with a choice entry and only with one"
        if entry.limits is not None and (entry.unit, entry.limits) != (
            feature.unit,
            feature.supported,
        ):
            yield f"feature {feature.id!r}: its entry has another unit or other limits than it"


def _players(spec: DecisionSpec) -> Iterator[str]:
    known = {f.id: f for f in spec.features}
    owners = Counter(f for p in spec.players for f in p.features)
    for player in spec.players:
        for name in player.features:
            if name not in known:
                yield f"player {player.id!r} names feature {name!r}, which does not exist"
            elif known[name].modality is not player.modality:
                yield f"player {player.id!r} and feature {name!r} differ in modality"
    for name, feature in known.items():
        if feature.describes and owners[name]:
            yield f"feature {name!r} only describes, so no player may have it"
        elif not feature.describes and owners[name] != 1:
            yield f"feature {name!r} belongs to {owners[name]} players; it must be exactly one"
    for modality in {f.modality for f in spec.features}:
        if spec.quorum.get(Modality(modality), 0) < 1:
            yield f"modality {modality.value!r} has no quorum"


def _columns(spec: DecisionSpec) -> Iterator[str]:
    features = {f.id: f for f in spec.features}
    players = {p.id: p for p in spec.players}
    for column in spec.columns:
        player = players.get(column.player)
        if player is None:
            yield f"column {column.id!r} names player {column.player!r}, which does not exist"
            continue
        for name in column.inputs:
            if name not in features:
                yield f"column {column.id!r} reads feature {name!r}, which does not exist"
            elif name not in player.features:
                yield f"column {column.id!r} reads {name!r}, which is not of its player"
            elif column.transform is Transform.LOG and features[name].supported.low <= 0:
                yield f"column {column.id!r} takes the logarithm of {name!r}, which may be 0"
    modelled = {name for name, feature in features.items() if not feature.describes}
    unread = modelled - {name for c in spec.columns for name in c.inputs}
    if spec.columns and unread:
        yield f"no column reads {', '.join(sorted(unread))}"


def _strata(spec: DecisionSpec) -> Iterator[str]:
    known = {f.id for f in spec.features}
    for stratum in spec.strata:
        for name in stratum.ranges:
            if name not in known:
                yield f"stratum {stratum.id!r} names feature {name!r}, which does not exist"


def _kind(spec: DecisionSpec) -> Iterator[str]:
    """A comparison or a prognosis: each has what its answer is made of."""
    prognosis = spec.prognosis
    if prognosis is None:
        if len(spec.treatments) != 2:
            yield f"a comparison is between two treatments, not {len(spec.treatments)}"
        if spec.outcome.horizon_weeks <= 0:
            yield "a comparison needs a horizon: horizon_weeks above 0"
        return
    years = prognosis.horizons_years
    if not years or years[0] <= 0 or list(years) != sorted(set(years)):
        yield f"horizons_years {years} must be above 0 and ascend"
    stratum = next((f for f in spec.features if f.id == prognosis.stratum), None)
    if stratum is None:
        yield f"the stratum is feature {prognosis.stratum!r}, which does not exist"
        return
    if not stratum.required:
        yield f"feature {stratum.id!r} is the stratum, so it must be required"
    numbered = [(float(n), float(n)) for n in range(len(spec.strata))]
    if not spec.strata or [s.ranges.get(stratum.id) for s in spec.strata] != numbered:
        yield f"strata must be the values of {stratum.id!r}: 0, 1 and so on, each once, in order"
    elif (stratum.supported.low, stratum.supported.high) != (0, len(spec.strata) - 1):
        yield f"feature {stratum.id!r} supports other values than those of the strata"
    if not prognosis.band_note.strip():
        yield "band_note is empty: say whose the bands are"


def _thresholds(spec: DecisionSpec) -> Iterator[str]:
    compared = NEEDED_TO_COMPARE if spec.prognosis is None else ()
    for name in (*NEEDED, *compared):
        if name not in spec.thresholds:
            yield f"threshold {name!r} is missing"
    for key, threshold in spec.thresholds.items():
        if key != threshold.id:
            yield f"threshold {threshold.id!r} is filed under {key!r}"
        if not (threshold.citation.strip() and threshold.meaning.strip() and threshold.unit):
            yield f"threshold {threshold.id!r} needs a unit, a meaning and a citation"


def _cautions(spec: DecisionSpec) -> Iterator[str]:
    treatments = {t.id for t in spec.treatments}
    for rule in spec.cautions:
        if set(rule.severity) != treatments or set(rule.message) != treatments:
            yield f"caution {rule.id!r} needs a severity and a message for each treatment"
        if not (rule.source and rule.source_date and rule.outstanding):
            yield f"caution {rule.id!r} needs a source, its date and what is outstanding"
        for entry in rule.entries:
            if entry.concept not in spec.codelists:
                yield f"caution {rule.id!r} files entries under unknown concept {entry.concept!r}"
            if (entry.kind is EntryKind.CHOICE) != bool(entry.choices):
                yield f"caution {rule.id!r}: choices go with a choice entry and only with one"


def _words(spec: DecisionSpec) -> Iterator[str]:
    for name in ("version", "title", "intended_use"):
        if not getattr(spec, name).strip():
            yield f"{name} is empty"
    for name in ("not_for", "override_reasons", "not_modelled", "citations"):
        if not getattr(spec, name):
            yield f"{name} is empty"


def _trends(spec: DecisionSpec) -> Iterator[str]:
    yield from _twice("trend", (t.id for t in spec.trends))
    measured = {t.id for t in spec.trends if not t.parts}
    features = {f.id for f in spec.features}
    for trend in spec.trends:
        for concept in trend.concepts:
            if concept not in spec.codelists:
                yield f"trend {trend.id!r} names concept {concept!r}, which has no code list"
        if trend.feature and trend.feature not in features:
            yield f"trend {trend.id!r} names feature {trend.feature!r}, which does not exist"
        if bool(trend.concepts) == bool(trend.parts):
            yield f"trend {trend.id!r} needs concepts or parts, and not both"
        if bool(trend.parts) != (trend.compute is not None):
            yield f"trend {trend.id!r}: parts go with compute and only with it"
        for part in trend.parts:
            if part not in measured:
                yield f"trend {trend.id!r} needs part {part!r}, which no measured trend is"


CHECKS: tuple[Callable[[DecisionSpec], Iterator[str]], ...] = (
    _unique,
    _features,
    _players,
    _columns,
    _strata,
    _kind,
    _thresholds,
    _cautions,
    _words,
    _trends,
)


def problems_of(spec: DecisionSpec, folder: str) -> tuple[str, ...]:
    """Everything wrong with a decision, in words; empty when it may be used."""
    found = [] if spec.id == folder else [f"its id is {spec.id!r}, but its folder is {folder!r}"]
    for check in CHECKS:
        found.extend(check(spec))
    return tuple(found)
