"""The declarative file of one study: which characteristic holds what, and what its values mean.

    [study]       accession, title, citation, terms, specimen, people, verification, checked
    [expression]  kind, column, column_pattern, annotation_columns
    [annotation]  platform, probe, symbol                     where rows are probe sets
    [outcome]     id, definition, weeks
    [expected]    tnfi or il6i = { courses, reached } as published; other numbers are pointed out
    [person] [drug] [timepoint] [response]                    required fields of every sample
    [tissue] [age] [sex]                                      optional ones

A field is read `from` a characteristic (the first that exists of several), may be cut out by a
`pattern` with one group, and lists under each meaning the values that have it. `always` stands for
a field that no sample says because the study has only one. Anything else in the file is an error:
a misspelled key would otherwise be a rule that silently does nothing.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping as Table
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from decision.clinical.inputs import Verification
from models.expression.errors import ScaleError
from models.expression.kinds import Scale, scale_of
from models.studies.errors import MappingError

SHIPPED = Path(__file__).parent / "mappings"
TNFI, IL6I, LEAVE_OUT = "tnfi", "il6i", "leave_out"
BASELINE, OTHER = "baseline", "other"
REACHED, NOT_REACHED, NOT_RECORDED = "reached", "not_reached", "not_recorded"
KEEP = "keep"
MALE, FEMALE = "male", "female"

MEANINGS: Table[str, tuple[str, ...]] = {
    "person": (),
    "drug": (TNFI, IL6I, LEAVE_OUT),
    "timepoint": (BASELINE, OTHER),
    "response": (REACHED, NOT_REACHED, NOT_RECORDED),
    "tissue": (KEEP, LEAVE_OUT),
    "age": (NOT_RECORDED,),
    "sex": (MALE, FEMALE, NOT_RECORDED),
}
_NEEDED: Table[str, tuple[set[str], ...]] = {
    "drug": ({TNFI, IL6I},),
    "timepoint": ({BASELINE},),
    "response": ({REACHED}, {NOT_REACHED}),
    "tissue": ({KEEP},),
    "sex": ({MALE, FEMALE},),
}
"""Per field, groups of meanings of which each has a value: else the field decides nothing."""
REQUIRED = ("person", "drug", "timepoint", "response")
_TEXTS: Table[str, tuple[str, ...]] = {
    "study": (
        "accession",
        "title",
        "citation",
        "terms",
        "specimen",
        "people",
        "verification",
        "checked",
    ),
    "outcome": ("id", "definition"),
}
_SPECIMENS = ("whole-blood", "pbmc", "cd4-t-cells", "monocytes", "synovium", "leukocytes")


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One thing that is said of every sample.

    sources : characteristics it may stand in, the first that exists · pattern : with one group
    meanings : value in small letters -> what it means · always : its meaning where nobody says it
    verification : whether anybody has seen these names in the files themselves
    """

    name: str
    sources: tuple[str, ...]
    pattern: re.Pattern[str] | None
    meanings: Table[str, str]
    always: str
    verification: Verification


@dataclass(frozen=True, slots=True, kw_only=True)
class Expression:
    """How the table of expression is to be read.

    column : the characteristic whose value names a sample's column
    column_pattern : cuts that value out of a column's name, with one group
    annotation_columns : leading columns that are no samples, the first of them the gene
    """

    scale: Scale
    column: str
    column_pattern: re.Pattern[str] | None
    annotation_columns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Annotation:
    """Columns of the platform's table; `symbol` is the first that exists."""

    platform: str
    probe: tuple[str, ...]
    symbol: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StudyMapping:
    """Everything the file says. `people`: studies of the same value are of the same persons."""

    accession: str
    title: str
    citation: str
    terms: str
    specimen: str
    people: str
    verification: Verification
    checked: str
    expression: Expression
    annotation: Annotation | None
    outcome_id: str
    definition: str
    weeks: int
    fields: Table[str, Field]
    expected: Table[str, Table[str, int]]
    note: str = ""

    @property
    def unverified(self) -> tuple[str, ...]:
        """Fields whose names or values nobody here has seen in the files."""
        return tuple(n for n, f in self.fields.items() if f.verification is Verification.UNVERIFIED)


def shipped() -> Table[str, Path]:
    """Accession -> mapping file of the studies that come with the program."""
    return {path.stem: path for path in sorted(SHIPPED.glob("*.toml"))}


def load_mapping(name: str) -> StudyMapping:
    """The mapping of a shipped accession, or of a file of one's own.

    Raises
    ------
    MappingError
    """
    path = shipped().get(name, Path(name))
    if not path.is_file():
        raise MappingError(
            f"There is no mapping for {name!r}.",
            f"Name one of {', '.join(shipped())}, or a TOML file of your own.",
        )
    try:
        return parse_mapping(path.read_text(encoding="utf-8"), path.name)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise MappingError(
            f"{path.name} is not TOML: {error}.", "Correct that line; compare a shipped mapping."
        ) from None


def parse_mapping(text: str, where: str) -> StudyMapping:
    """The mapping that a TOML text describes; `where` names it in messages.

    Raises
    ------
    MappingError, tomllib.TOMLDecodeError
    """
    tree = _Tree(tomllib.loads(text), where)
    known = {"study", "expression", "annotation", "outcome", "expected", *MEANINGS}
    tree.only(known)
    study, outcome = tree.below("study"), tree.below("outcome")
    study.only({*_TEXTS["study"], "note"})
    outcome.only({*_TEXTS["outcome"], "weeks"})
    said = {key: study.text(key) for key in _TEXTS["study"] if key != "verification"}
    if said["specimen"] not in _SPECIMENS:
        study.refuse("specimen", f"one of {', '.join(_SPECIMENS)}")
    return StudyMapping(
        **said,
        verification=study.verification(),
        note=study.text("note") if "note" in study.tree else "",
        expression=_expression(tree.below("expression")),
        annotation=_annotation(tree.below("annotation")) if "annotation" in tree.tree else None,
        outcome_id=outcome.text("id"),
        definition=outcome.text("definition"),
        weeks=outcome.whole("weeks"),
        expected=_expected(tree) if "expected" in tree.tree else {},
        fields={
            name: _field(name, tree.below(name))
            for name in MEANINGS
            if name in REQUIRED or name in tree.tree
        },
    )


def _expression(tree: _Tree) -> Expression:
    tree.only({"kind", "column", "column_pattern", "annotation_columns"})
    try:
        scale = scale_of(tree.text("kind"))
    except ScaleError as error:
        tree.refuse("kind", error.remedy.removeprefix("Declare the scale as ").rstrip("."))
    return Expression(
        scale=scale,
        column=tree.text("column"),
        column_pattern=tree.pattern("column_pattern"),
        annotation_columns=tree.whole("annotation_columns") or 1,
    )


def _expected(tree: _Tree) -> dict[str, dict[str, int]]:
    arms = tree.below("expected")
    arms.only({TNFI, IL6I})
    found = {}
    for arm in arms.tree:
        counts = arms.below(arm)
        counts.only({"courses", "reached"})
        found[arm] = {name: counts.whole(name) for name in counts.tree}
    return found


def _annotation(tree: _Tree) -> Annotation:
    tree.only({"platform", "probe", "symbol"})
    return Annotation(
        platform=tree.text("platform"), probe=tree.texts("probe"), symbol=tree.texts("symbol")
    )


def _field(name: str, tree: _Tree) -> Field:
    meanings = MEANINGS[name]
    tree.only({"from", "pattern", "always", "verification", *meanings})
    always = tree.text("always") if "always" in tree.tree else ""
    if bool(always) == ("from" in tree.tree):
        raise MappingError(
            f"{tree.where}: [{name}] needs either `from` or `always`, and not both.",
            "Say which characteristic holds it, or what is so for every sample.",
        )
    if always and always not in meanings:
        tree.refuse("always", f"one of {', '.join(meanings) or 'nothing: every person differs'}")
    values: dict[str, str] = {}
    for meaning in meanings:
        for value in tree.texts(meaning) if meaning in tree.tree else ():
            if values.setdefault(plain(value), meaning) != meaning:
                raise MappingError(
                    f"{tree.where}: [{name}] gives {value!r} two meanings.", "Give it one."
                )
    told = set(values.values())
    if not always and any(not told & of for of in _NEEDED.get(name, ())):
        wanted = " and ".join("/".join(sorted(of)) for of in _NEEDED[name])
        raise MappingError(
            f"{tree.where}: [{name}] says what no value means under {wanted}.",
            "List the values that mean it.",
        )
    return Field(
        name=name,
        sources=tree.texts("from") if not always else (),
        pattern=tree.pattern("pattern"),
        meanings=values,
        always=always,
        verification=tree.verification(),
    )


def plain(name: str) -> str:
    """A characteristic's name or value as it is compared: files differ in case and separators.

    >>> plain(" Cell_Type ")
    'cell type'
    """
    return " ".join(name.replace("_", " ").split()).lower()


@dataclass(frozen=True, slots=True)
class _Tree:
    """Entries below a place of the file; a wrong one is a MappingError with its full name."""

    tree: Table[str, Any]
    file: str
    place: str = ""

    @property
    def where(self) -> str:
        return f"{self.file} [{self.place}]" if self.place else self.file

    def only(self, known: set[str]) -> None:
        if extra := sorted(set(self.tree) - known):
            raise MappingError(
                f"{self.where}: {', '.join(map(repr, extra))} is not known here.",
                f"Use {', '.join(sorted(known))}.",
            )

    def below(self, name: str) -> _Tree:
        found = self.tree.get(name)
        if not isinstance(found, dict):
            raise MappingError(f"{self.file}: there is no part [{name}].", "Add it.")
        return _Tree(found, self.file, f"{self.place}.{name}" if self.place else name)

    def text(self, name: str) -> str:
        value = self.tree.get(name)
        if not isinstance(value, str) or not value.strip():
            self.refuse(name, "a text that is not empty")
        return str(value)

    def texts(self, name: str) -> tuple[str, ...]:
        value = self.tree.get(name)
        listed = [value] if isinstance(value, str) else value
        if not isinstance(listed, list) or not all(isinstance(v, str) for v in listed):
            self.refuse(name, "a text or a list of texts")
        return tuple(listed)

    def whole(self, name: str) -> int:
        value = self.tree.get(name, 0)
        if not isinstance(value, int) or isinstance(value, bool) or value < 0:
            self.refuse(name, "a whole number of at least 0")
        return int(value)

    def pattern(self, name: str) -> re.Pattern[str] | None:
        if name not in self.tree:
            return None
        try:
            found = re.compile(self.text(name))
        except re.error as error:
            self.refuse(name, f"a regular expression ({error})")
        if found.groups != 1:
            self.refuse(name, "a regular expression with exactly one group")
        return found

    def verification(self) -> Verification:
        value = self.tree.get("verification")
        if value not in set(Verification):
            self.refuse("verification", f"one of {', '.join(Verification)}")
        return Verification(value)

    def refuse(self, name: str, kind: str) -> NoReturn:
        raise MappingError(
            f"{self.where}: {name!r} is {'missing' if name not in self.tree else 'wrong'}.",
            f"Give {kind}.",
        )
