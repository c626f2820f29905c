"""Samples and mapping to courses: one baseline sample per person, its drug class and outcome."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from models.cohort import Floats, Ints
from models.studies.errors import LabelError, MappingError
from models.studies.mapping import (
    BASELINE,
    FEMALE,
    KEEP,
    LEAVE_OUT,
    MALE,
    NOT_REACHED,
    NOT_RECORDED,
    REACHED,
    Field,
    StudyMapping,
    plain,
)
from models.studies.samples import Samples, listed

ARMS = ("tnfi", "il6i")
_OUTCOME = {REACHED: 1.0, NOT_REACHED: 0.0, NOT_RECORDED: np.nan}
_SEX = {MALE: 1.0, FEMALE: 0.0, NOT_RECORDED: np.nan}
_OLDEST = 120.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Courses:
    """n courses. sample : (n,) number of the baseline sample · arm : (n,) 0 TNFi, 1 IL6i
    outcome : (n,) 1, 0 or NaN · age, male : (n,) NaN where not recorded · notes : what was left out
    """

    sample: Ints = field(repr=False)
    arm: Ints = field(repr=False)
    outcome: Floats = field(repr=False)
    age: Floats = field(repr=False)
    male: Floats = field(repr=False)
    notes: tuple[str, ...]


def courses_of(mapping: StudyMapping, samples: Samples) -> Courses:
    """The courses of a study.

    Raises
    ------
    MappingError
        The file is of another study.
    LabelError
        A characteristic or value that the mapping does not cover, a person with several baseline
        samples, with both drug classes or two outcomes, or no baseline sample at all.
    """
    if samples.study and samples.study.upper() != mapping.accession.upper():
        raise MappingError(
            f"The file is of {samples.study}, and the mapping of {mapping.accession}.",
            "Name the mapping of the same study.",
        )
    reader = _Reader(mapping, samples)
    notes: list[str] = []
    rows = list(range(len(samples.accessions)))
    rows = reader.kept("tissue", rows, KEEP, notes)
    drug = reader.meanings("drug", rows)
    rows = [i for i in rows if drug[i] != LEAVE_OUT]
    _count(notes, drug, LEAVE_OUT, "samples of other drugs or none were left out")
    time = reader.meanings("timepoint", rows)
    person, response = reader.cut("person", rows), reader.meanings("response", rows)
    people: dict[str, list[int]] = {}
    for i in rows:
        people.setdefault(plain(person[i]), []).append(i)
    if not people:
        raise LabelError(
            "No sample is left: none is of a tissue and a drug that the mapping takes.",
            "Check [tissue] and [drug] of the mapping.",
        )
    reader.one_drug(people, drug)
    chosen = reader.baseline(people, time, notes)
    outcome = reader.one_outcome(people, response)
    age, sex = reader.ages(chosen), reader.optional("sex", chosen)
    found = np.array([_OUTCOME[outcome[plain(person[i])]] for i in chosen])
    if unknown := int(np.isnan(found).sum()):
        notes.append(f"{unknown} courses without a recorded outcome teach nothing of it")
    return Courses(
        sample=np.array(chosen, dtype=np.int64),
        arm=np.array([ARMS.index(drug[i]) for i in chosen], dtype=np.int64),
        outcome=found,
        age=age,
        male=np.array([_SEX[sex[i]] for i in chosen]),
        notes=tuple(notes),
    )


def _count(notes: list[str], meant: Mapping[int, str], of: str, words: str) -> None:
    if n := sum(m == of for m in meant.values()):
        notes.append(f"{n} {words}")


class _Reader:
    """Applies the fields of a mapping to some of the samples."""

    def __init__(self, mapping: StudyMapping, samples: Samples) -> None:
        self.mapping, self.samples = mapping, samples

    def cut(self, name: str, rows: Sequence[int]) -> dict[int, str]:
        """Row -> the value of a field, cut out by its pattern."""
        how = self.mapping.fields[name]
        values = self.samples.values(how.sources, name)
        if how.pattern is None:
            found: dict[int, str] = {i: values[i] for i in rows}
        else:
            matches = {i: how.pattern.search(values[i]) for i in rows}
            if lost := [i for i in rows if not matches[i]]:
                raise LabelError(
                    f"[{name}]: the pattern fits no part of {how.sources[0]!r} in samples "
                    f"{self._places(lost)}.",
                    self._remedy(how, "pattern"),
                )
            found = {i: m[1] or "" for i, m in matches.items() if m}
        if name == "person" and (empty := [i for i in rows if not found[i]]):
            raise LabelError(
                f"[person]: no value in samples {self._places(empty)}.", self._remedy(how, "from")
            )
        return found

    def meanings(self, name: str, rows: Sequence[int]) -> dict[int, str]:
        """Row -> what the mapping says its value means."""
        how = self.mapping.fields[name]
        if how.always:
            return dict.fromkeys(rows, how.always)
        values = self.cut(name, rows)
        unknown: dict[str, list[int]] = {}
        for i in rows:
            if plain(values[i]) not in how.meanings:
                unknown.setdefault(values[i], []).append(i)
        if unknown:
            told = "; ".join(f"{v!r} in samples {self._places(at)}" for v, at in unknown.items())
            raise LabelError(
                f"[{name}]: values that the mapping gives no meaning: {told}. It knows "
                f"{', '.join(map(repr, how.meanings))}.",
                self._remedy(how, "the lists of values"),
            )
        return {i: how.meanings[plain(values[i])] for i in rows}

    def kept(self, name: str, rows: list[int], keep: str, notes: list[str]) -> list[int]:
        """Rows that the mapping keeps; all of them where it does not say."""
        if name not in self.mapping.fields:
            return rows
        meant = self.meanings(name, rows)
        _count(notes, meant, LEAVE_OUT, "samples of other tissues were left out")
        return [i for i in rows if meant[i] == keep]

    def one_drug(self, people: Mapping[str, list[int]], drug: Mapping[int, str]) -> None:
        if both := [at for at in people.values() if len({drug[i] for i in at}) > 1]:
            raise LabelError(
                f"{len(both)} persons have samples under both drug classes: samples "
                f"{self._places([i for at in both for i in at])}.",
                "A person's second course is no independent one: leave its samples out in [drug].",
            )

    def baseline(
        self, people: Mapping[str, list[int]], time: Mapping[int, str], notes: list[str]
    ) -> list[int]:
        """The one sample of each person from before treatment."""
        first = {p: [i for i in at if time[i] == BASELINE] for p, at in people.items()}
        if not any(first.values()):
            raise LabelError(
                "No sample is from before treatment.",
                "Correct [timepoint]; a response that has already begun must not be predicted "
                "from its own effects.",
            )
        if several := [i for at in first.values() if len(at) > 1 for i in at]:
            raise LabelError(
                f"Persons have several samples from before treatment: {self._places(several)}.",
                "Keep one of each in [tissue] or [timepoint], or correct [person].",
            )
        if without := sum(not at for at in first.values()):
            notes.append(f"{without} persons without a sample from before treatment were left out")
        return [at[0] for at in first.values() if at]

    def one_outcome(
        self, people: Mapping[str, list[int]], response: Mapping[int, str]
    ) -> dict[str, str]:
        found = {}
        for name, at in people.items():
            told = {response[i] for i in at} - {NOT_RECORDED}
            if len(told) > 1:
                raise LabelError(
                    f"A person has two outcomes: samples {self._places(at)}.",
                    "Correct [response], or [person] where two persons are taken for one.",
                )
            found[name] = told.pop() if told else NOT_RECORDED
        return found

    def ages(self, rows: Sequence[int]) -> Floats:
        if "age" not in self.mapping.fields:
            return np.full(len(rows), np.nan)
        how = self.mapping.fields["age"]
        values = self.cut("age", rows)

        def years(i: int) -> float:
            if plain(values[i]) in how.meanings:
                return float("nan")
            try:
                age = float(values[i])
            except ValueError:
                age = -1.0
            if not 0.0 <= age <= _OLDEST:
                raise LabelError(
                    f"[age]: no number of years in sample {self.samples.place(i)}.",
                    self._remedy(how, "pattern, or list the value under not_recorded"),
                )
            return age

        return np.array([years(i) for i in rows])

    def optional(self, name: str, rows: Sequence[int]) -> dict[int, str]:
        if name not in self.mapping.fields:
            return dict.fromkeys(rows, NOT_RECORDED)
        return self.meanings(name, rows)

    def _places(self, rows: Sequence[int]) -> str:
        place: Callable[[int], str] = self.samples.place
        return listed([place(i) for i in rows])

    def _remedy(self, how: Field, part: str) -> str:
        return (
            f"Correct {part} in [{how.name}] of the mapping of {self.mapping.accession} "
            f"({how.verification.value})."
        )
