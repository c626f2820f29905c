"""Sentences of the Data used page: each input with how it was chosen, what it costs to be without
it, what was searched, and which results were passed over.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from decision.clinical.assessment import Abstention, Assessment, PrognosisCard
from decision.clinical.codes import SYSTEMS, CodelistEntry, CodeStatus
from decision.clinical.features import Found, Missing, MissingReason
from decision.clinical.quantities import Moment, Precision, Quantity
from decision.clinical.record import Origin
from decision.clinical.spec import Modality, Player, ShownAs
from decision.evidence.candidates import Searched, Unused
from decision.ui.texts.inputs import why_missing
from decision.ui.texts.numbers import (
    age_of,
    count,
    dated,
    inside,
    moment,
    number,
    per_100,
    plural,
    quantity,
)
from decision.ui.texts.reasons import dated_parts, found_text

HEAD = (
    "Input",
    "Value",
    "Date and age",
    "State",
    "How it was chosen",
    "Effect on the range",
    "Source",
)
NONE = "–"
USED = "used"
ENTERED = "used, entered by clinician"
CARRIED = "used, carried forward"
UNUSUAL = "used, outside the usual range"
UNSUPPORTED = "outside the supported limits"
WORKED_OUT = "worked out"
CARRIED_FROM = 90
"""Design assumption: from this age on, in days, a value that counts stems from an earlier visit."""

AGED = "{day} ({age})"
LATEST = "latest result"
"""How the rules say that nothing more is to be said of a choice."""
ONLY = "The only result. It counts for {days} days."
ONLY_EVER = "The only result. It counts however old it is."
NEWEST = "The latest of {n} results. It counts for {days} days."
NEWEST_EVER = "The latest of {n} results. It counts however old it is."
ONE_OF = "Chosen from {n} results, which count for {days} days."
ONE_OF_EVER = "Chosen from {n} results, which count however old they are."
SUM = "Sum of {parts}."
SUM_DATES = "Not of one day: {dates}."
NOTHING_FOUND = "Looked for under {codes} in the last {days} days; nothing is there."
NOTHING_EVER = "Looked for under {codes}, however old; nothing is there."

WIDER = "Without it the range of the difference is {points} of 100 wider."
WIDER_RISK = "Without it the {years}-year range is {points} of 100 wider."
UNDER_ONE = "under 1"
LESS_CERTAIN = "The estimate is less certain than its range shows."
WITHHELD = "No estimate because of it."

MOST_SOURCES = 1
AND_MORE = "{first} and {n} more"
SOURCES_TITLE = "Every source of what rests on many"
SOURCES_HEAD = ("Input", "Sources")

UNUSED_HEAD = ("Input", "Date", "As recorded", "Not used because", "Source")
MOST_UNUSED = 20
"""Passed over results that are listed for each input; more would hide the ones that matter."""
MORE_UNUSED = "{label}: {n} older, not used either."
SEARCHED_TITLE = "Codes and times searched"
SEARCHED_HEAD = ("Input", "How far back", "Results", "Codes")
DAYS_BACK = "{days} days"
ALL_TIME = "however old"
NO_CODES = "from the person's own entry in the record"
BELOW = "{code} and all below it"
UNVERIFIED = "{code} (meaning not verified)"

_SHORT = {uri: name for name, uri in SYSTEMS.items()}


KINDS = {
    Modality.CLINICAL: "Clinical findings",
    Modality.SEROLOGICAL: "Laboratory",
    Modality.TRANSCRIPTOMIC: "RNA scores",
}
"""Headings, in the order of the page."""


def by_kind(searched: Sequence[Searched]) -> dict[Modality, list[Searched]]:
    """Inputs under their kind of data, in the order of the kinds."""
    found = {m: [s for s in searched if s.feature.modality is m] for m in KINDS}
    return {modality: inputs for modality, inputs in found.items() if inputs}


def rows(
    assessment: Assessment, modality: Modality, searched: Sequence[Searched]
) -> tuple[tuple[str, ...], ...]:
    """One row for each input of a kind, then one for each sum of them."""
    inputs = [_row(assessment, one) for one in searched]
    sums = [
        _sum(assessment, player)
        for player in assessment.spec.players
        if player.shown_as is ShownAs.SUM and player.modality is modality
    ]
    return (*inputs, *(row for row in sums if row))


def _row(assessment: Assessment, one: Searched) -> tuple[str, ...]:
    feature, finding = one.feature, one.finding
    evidence = finding.evidence
    day = moment(evidence.effective) if evidence and evidence.effective else ""
    age = _age(evidence.effective, assessment) if evidence and evidence.effective else ""
    named = sources(one)
    more = len(named) - MOST_SOURCES
    return (
        feature.label,
        found_text(feature, finding) if isinstance(finding, Found) else NONE,
        AGED.format(day=day, age=age) if day and age else day,
        _state(assessment, one),
        " ".join(_chosen(one)),
        _effect(assessment, one),
        AND_MORE.format(first=named[0], n=count(len(named) - 1)) if more > 0 else ", ".join(named),
    )


def sources(one: Searched) -> tuple[str, ...]:
    """Every resource that an input rests on, each once."""
    found = one.finding.evidence.sources if one.finding.evidence else ()
    return tuple(dict.fromkeys(s.reference for s in found))


def many_sources(searched: Sequence[Searched]) -> tuple[tuple[str, str], ...]:
    """Inputs that rest on more resources than their row has room for, with all of them."""
    named = ((one.feature.label, sources(one)) for one in searched)
    return tuple((label, ", ".join(all_)) for label, all_ in named if len(all_) > MOST_SOURCES)


def _age(when: Moment, assessment: Assessment) -> str:
    """How old it is; nothing where the record gives only the month or the year we are in."""
    days = (assessment.as_of - when.latest).days
    exact = when.precision in (Precision.DAY, Precision.INSTANT)
    return age_of(when, assessment.as_of) if exact or days >= CARRIED_FROM else ""


def _state(assessment: Assessment, one: Searched) -> str:
    finding = one.finding
    if isinstance(finding, Missing):
        return why_missing(finding)
    if finding.value not in one.feature.supported:
        return UNSUPPORTED
    if finding.evidence.origin is Origin.CLINICIAN:
        return ENTERED
    if one.feature.id in _unusual(assessment):
        return UNUSUAL
    return CARRIED if _carried(assessment, one, finding) else USED


def _unusual(assessment: Assessment) -> set[str]:
    if isinstance(assessment, Abstention):
        return set()
    return {found[0] for found in assessment.answer.domain.outside_usual}


def _carried(assessment: Assessment, one: Searched, finding: Found) -> bool:
    """Only what ages is carried forward: what stays as it was found is not."""
    when = finding.evidence.effective
    if not one.measured or one.lookback is None or when is None:
        return False
    return (assessment.as_of - when.latest).days >= CARRIED_FROM


def _chosen(one: Searched) -> Iterable[str]:
    finding = one.finding
    if isinstance(finding, Missing):
        silent = finding.reason is MissingReason.NOT_FOUND and not one.results and one.codelists
        yield _nothing(one) if silent else dated(finding.detail)
        return
    evidence = finding.evidence
    plain = evidence.how == LATEST
    if evidence.how and not plain:
        yield _sentence(dated(evidence.how))
    if one.measured and evidence.origin is not Origin.CLINICIAN:
        yield _of_results(one, plain=plain)
    if evidence.caveat:
        yield _sentence(dated(evidence.caveat))


def _of_results(one: Searched, *, plain: bool) -> str:
    """Which of how many results, and how long one counts."""
    if one.results == 1:
        within, ever = ONLY, ONLY_EVER
    elif plain:
        within, ever = NEWEST, NEWEST_EVER
    else:
        within, ever = ONE_OF, ONE_OF_EVER
    n = count(one.results)
    if one.lookback is None:
        return ever.format(n=n)
    return within.format(n=n, days=count(one.lookback.days))


def _nothing(one: Searched) -> str:
    codes = plural(len({e.code for c in one.codelists for e in c.entries}), "code")
    if one.lookback is None:
        return NOTHING_EVER.format(codes=codes)
    return NOTHING_FOUND.format(codes=codes, days=count(one.lookback.days))


def _sentence(words: str) -> str:
    told = words[:1].upper() + words[1:]
    return told if told[-1:] in ".!?" else f"{told}."


def _effect(assessment: Assessment, one: Searched) -> str:
    """What is known of it: the cost of what is missing, doubt where a value is unusual."""
    if isinstance(assessment, Abstention):
        causes = {f for cause in assessment.causes for f in cause.features}
        return WITHHELD if one.feature.id in causes else ""
    if one.feature.id in _unusual(assessment):
        return LESS_CERTAIN
    if isinstance(one.finding, Found):
        return ""
    players = {f: p.id for p in assessment.spec.players for f in p.features}
    costs = {cost.player: cost.wider for cost in assessment.answer.missing_costs}
    wider = costs.get(players.get(one.feature.id, one.feature.id))
    if wider is None:
        return ""
    points = str(per_100(wider)) if per_100(wider) >= 1 else UNDER_ONE
    if isinstance(assessment, PrognosisCard):
        return WIDER_RISK.format(years=number(assessment.answer.last.years), points=points)
    return WIDER.format(points=points)


def _sum(assessment: Assessment, player: Player) -> tuple[str, ...] | None:
    """A sum the model reads as one, where every part is there."""
    spec, features = assessment.spec, assessment.features
    found = [features[name] for name in player.features]
    parts = [f for f in found if isinstance(f, Found)]
    if len(parts) < len(found):
        return None
    moments = [f.evidence.effective for f in parts if f.evidence.effective]
    last = max(moments, key=lambda m: m.latest) if moments else None
    names = "; ".join(inside(spec.feature(name).label) for name in player.features)
    dates = dated_parts(player, features)
    how = SUM.format(parts=names)
    return (
        player.label,
        number(sum(f.value for f in parts)),
        moment(last) if last else "",
        WORKED_OUT,
        f"{how} {SUM_DATES.format(dates=dates)}" if dates else how,
        "",
        "",
    )


def unused_title(n: int) -> str:
    return plural(n, "result not used, and why", "results not used, and why")


def unused_rows(searched: Sequence[Searched]) -> tuple[tuple[str, ...], ...]:
    """The newest passed over results of each input."""
    return tuple(
        _unused(one.feature.label, result)
        for one in searched
        for result in one.unused[:MOST_UNUSED]
    )


def _unused(label: str, result: Unused) -> tuple[str, ...]:
    value = result.value
    shown = value if isinstance(value, str) else _as_recorded(value)
    why = dated(result.why).removesuffix(".")
    return label, moment(result.when), shown, why, result.reference


def _as_recorded(value: Quantity) -> str:
    return f"{value.comparator}{quantity(value.value, value.unit)}"


def unused_more(searched: Sequence[Searched]) -> tuple[str, ...]:
    """How many more there are, for inputs with too many to list."""
    return tuple(
        MORE_UNUSED.format(label=one.feature.label, n=count(len(one.unused) - MOST_UNUSED))
        for one in searched
        if len(one.unused) > MOST_UNUSED
    )


def searched_rows(searched: Sequence[Searched]) -> tuple[tuple[str, ...], ...]:
    """Where each input was looked for, with every code."""
    return tuple(
        (
            one.feature.label,
            DAYS_BACK.format(days=count(one.lookback.days)) if one.lookback else ALL_TIME,
            count(one.results) if one.codelists else "",
            _codes(one) or NO_CODES,
        )
        for one in searched
    )


def _codes(one: Searched) -> str:
    entries = {e.code: e for codelist in one.codelists for e in codelist.entries}
    return "; ".join(_code(e) for e in entries.values())


def _code(entry: CodelistEntry) -> str:
    told = f"{_SHORT.get(entry.code.system, entry.code.system)} {entry.code.code}"
    told = BELOW.format(code=told) if entry.prefix else told
    return UNVERIFIED.format(code=told) if entry.status is CodeStatus.UNVERIFIED else told
