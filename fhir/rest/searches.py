"""What to ask a server for, made from a decision's own code lists: no decision is named here.

Results are asked for by code, a few searches with many codes each. Diagnoses and drugs are asked
for as a whole: their lists hold prefixes, which no server searches by, and a drug that is named in
words alone must be seen too.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

from decision.clinical.codes import LOCAL, LOINC, SNOMED, Code, Codelist
from decision.clinical.record import Part
from decision.clinical.spec import DecisionSpec
from fhir.rest.addresses import escaped

_COUNT = ("_count", "200")
_NEWEST_FIRST = ("_sort", "-date")
_ANSWER_PART = re.compile(r"L[AL].*")
_NAMED = 3
_REST = "rest"
"""The group of what no predictor rests on; the others are called by their modality."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """One question to a server about the patient of a launch; `patient=` is added when asked."""

    key: str
    """Tells the searches made together apart, and prefetched answers to them."""
    kind: str
    part: Part
    label: str
    """What is asked for, in a clinician's words."""
    codes: tuple[Code, ...] = ()
    """What is asked for; empty for everything of that kind."""
    parameters: tuple[tuple[str, str], ...] = ()
    optional: bool = False
    """True where many servers have no such resources at all: asked for only where the EHR's
    configuration names the type, and said to be unread everywhere else.
    """


def searches(*specs: DecisionSpec, longest: int = 1_500) -> tuple[Search, ...]:
    """Everything the decisions may look at, each code once however many of them ask for it; no
    address gets longer than about `longest` characters: proxies have been seen to refuse more than
    2,000.

    Expression files are not among them: their document type is local to each server.
    """
    return (*_results(specs, longest), _DIAGNOSES, *_DRUGS)


def asked_of(
    searches: Iterable[Search], also_read: Collection[str]
) -> tuple[tuple[Search, ...], tuple[Search, ...]]:
    """What an EHR is asked for whose configuration names those optional types; and what it is not
    asked for, which nobody may take for absent.
    """
    every = tuple(searches)
    asked = tuple(s for s in every if not s.optional or s.kind in also_read)
    return asked, tuple(s for s in every if s not in asked)


_DIAGNOSES = Search(
    key="conditions",
    kind="Condition",
    part=Part.CONDITIONS,
    label="diagnoses",
    parameters=(_COUNT,),
)
_DRUGS = tuple(
    Search(
        key=key,
        kind=kind,
        part=Part.MEDICATIONS,
        label=label,
        parameters=(("_include", f"{kind}:medication"), _COUNT),
        optional=kind != "MedicationRequest",
    )
    for key, kind, label in (
        ("orders", "MedicationRequest", "prescriptions"),
        ("statements", "MedicationStatement", "drugs reported as taken"),
        ("administrations", "MedicationAdministration", "drugs given, such as infusions"),
    )
)


def _results(specs: Sequence[DecisionSpec], longest: int) -> Iterator[Search]:
    """One group for each kind of data, so that a search that fails takes no other kind with it;
    then what only cautions and criteria rest on.
    """
    names: dict[Code, str] = {}
    groups: dict[str, list[Code]] = {m: [] for spec in specs for m in spec.quorum} | {_REST: []}
    for spec in specs:
        for group, concept, name in _concepts(spec):
            for code in _result_codes(spec.codelists[concept]):
                if code not in names:
                    names[code] = name
                    groups[group].append(code)
    parts = [part for group in groups.values() for part in _split(group, longest)]
    for number, codes in enumerate(parts, start=1):
        yield Search(
            key=f"results-{number}",
            kind="Observation",
            part=Part.OBSERVATIONS,
            label=_label(names[code] for code in codes),
            codes=tuple(codes),
            parameters=(("code", ",".join(map(_token, codes))), _NEWEST_FIRST, _COUNT),
        )


def _concepts(spec: DecisionSpec) -> Iterator[tuple[str, str, str]]:
    """(group, concept, its name) of everything that may be the code of a result."""
    filed = {c: _name(codelist) for c, codelist in spec.codelists.items() if _is_filed(codelist)}
    for feature in spec.features:
        asked_with = [feature.entry.concept] if feature.entry else []
        for concept in (*feature.concepts, *asked_with):
            if concept in filed and feature.modality in spec.quorum:
                yield feature.modality, concept, feature.label
    asked = {entry.concept for rule in spec.cautions for entry in rule.entries}
    choices = _choices(spec)
    rest = [c for c in filed if c in asked or not _is_answer(spec.codelists[c], choices)]
    tests = {c for c in rest if _has_number(spec.codelists[c])}
    rest.sort(key=lambda c: (c not in asked, c not in tests))  # what is surely a question first
    for concept in rest:
        yield _REST, concept, filed[concept]


def _is_filed(codelist: Codelist) -> bool:
    """Whether results can be filed under it: diagnoses and drugs have neither kind of code."""
    return _has_number(codelist) or any(e.code.system == LOCAL for e in codelist.entries)


def _has_number(codelist: Codelist) -> bool:
    return any(_is_loinc_number(e.code) for e in codelist.entries)


def _is_answer(codelist: Codelist, choices: frozenset[str]) -> bool:
    local = [e.code.code for e in codelist.entries if e.code.system == LOCAL]
    return not _has_number(codelist) and all(code in choices for code in local)


def _choices(spec: DecisionSpec) -> frozenset[str]:
    """Local codes that are answers: they stand as values, never as the code of a result."""
    entries = [f.entry for f in spec.features if f.entry]
    entries += [entry for rule in spec.cautions for entry in rule.entries]
    return frozenset(code for entry in entries for code in entry.choices or ())


def _result_codes(codelist: Codelist) -> Iterator[Code]:
    """The codes of one concept under which a result may be filed: whole ones, of result systems."""
    for entry in codelist.entries:
        code = entry.code
        if entry.prefix:
            continue
        if code.system in (LOCAL, SNOMED) or _is_loinc_number(code):
            yield code


def _is_loinc_number(code: Code) -> bool:
    """LOINC also numbers answers (LA…) and answer lists (LL…), which no result is filed under."""
    return code.system == LOINC and not _ANSWER_PART.fullmatch(code.code)


def _split(codes: Iterable[Code], longest: int) -> Iterator[list[Code]]:
    group: list[Code] = []
    length = 0
    for code in codes:
        size = len(escaped(_token(code))) + 1
        if group and length + size > longest:
            yield group
            group, length = [], 0
        group.append(code)
        length += size
    if group:
        yield group


def _token(code: Code) -> str:
    """`system|code`; what a token search reads as its own signs is escaped (R4 search, 3.1.1.5)."""
    return "|".join(re.sub(r"([\\,$|])", r"\\\1", part) for part in (code.system, code.code))


def _name(codelist: Codelist) -> str:
    """What a concept is called: our own code's name, else the shortest of the others'."""
    displays = [e.code.display.split(" [")[0] for e in codelist.entries if e.code.display]
    local = [e.code.display for e in codelist.entries if e.code.system == LOCAL and e.code.display]
    return min(local or displays or [codelist.id.replace("_", " ")], key=len)


def _label(names: Iterable[str]) -> str:
    """`C-reactive protein, ESR, ACPA and 6 more`."""
    distinct = list(dict.fromkeys(names))
    more = len(distinct) - _NAMED
    shown = ", ".join(distinct[:_NAMED])
    return f"{shown} and {more} more" if more > 0 else shown
