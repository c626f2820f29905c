"""Rows that are there twice, and people in several rows: no split may put one on both sides."""

from __future__ import annotations

from collections import defaultdict
from itertools import pairwise

import numpy as np

from models.table.cells import Parsed
from models.table.problems import Found, Problems
from models.table.raw import RawTable
from models.table.schema import BORN, PERSON, SITE, START, VISIT

_FIXED = ("male",)
"""Predictors that do not change between two courses of one person."""


def people(raw: RawTable, parsed: Parsed, problems: Problems) -> None:
    """Duplicates, people in several rows, and what of them cannot be."""
    twice = _same_rows(raw, problems)
    rows_of: defaultdict[str, list[int]] = defaultdict(list)
    for i, person in enumerate(parsed.label(PERSON)):
        if person:
            rows_of[person].append(i)
    several = {p: rows for p, rows in rows_of.items() if len(rows) > 1}
    _same_start(parsed, several, twice, problems)
    _several(parsed, several, problems)
    _fixed(parsed, several, problems)
    _sites(parsed, problems)


def _same_rows(raw: RawTable, problems: Problems) -> set[int]:
    seen: set[tuple[str, ...]] = set()
    twice: set[int] = set()
    for i, row in enumerate(zip(*raw.columns.values(), strict=True)):
        if row in seen:
            twice.add(i)
        seen.add(row)
    if twice:
        problems.add(
            Found.DUPLICATE_ROW,
            "",
            "The row is identical with an earlier one.",
            "Keep one of them.",
            sorted(twice),
        )
    return twice


def _same_start(
    parsed: Parsed, several: dict[str, list[int]], twice: set[int], problems: Problems
) -> None:
    start = parsed.day(START)
    again: list[int] = []
    for rows in several.values():
        seen: set[object] = set()
        for i in rows:
            if i not in twice and not np.isnat(start[i]):
                if start[i] in seen:
                    again.append(i)
                seen.add(start[i])
    if again:
        problems.add(
            Found.SAME_START,
            START,
            "The same person has another row with this start.",
            "One course has one row: keep the drug that was begun.",
            again,
        )


def _several(parsed: Parsed, several: dict[str, list[int]], problems: Problems) -> None:
    if not several:
        return
    rows = sorted(i for listed in several.values() for i in listed)
    problems.add(
        Found.SEVERAL_ROWS,
        PERSON,
        f"{len(several)} people have several rows, {len(rows)} in all.",
        "Nothing to do if these are courses of one person: all stay on one side of every split.",
        rows,
    )
    site = parsed.label(SITE)
    moved = [i for listed in several.values() if len({site[i] for i in listed}) > 1 for i in listed]
    if moved:
        problems.add(
            Found.SEVERAL_SITES,
            SITE,
            "The same person is at several sites, so leaving one site out does not leave them out.",
            "Check that pseudonyms are not used twice; else give each person one site.",
            sorted(moved),
        )
    endpoint = parsed.schema.endpoint
    if endpoint is None:
        return
    start, visit = parsed.day(START), parsed.day(VISIT)
    wait = np.timedelta64(7 * endpoint.target_week, "D")
    early: list[int] = []
    for listed in several.values():
        known = [i for i in listed if not np.isnat(start[i])]
        ordered = sorted(known, key=lambda i: start[i])
        for one, following in pairwise(ordered):
            until = visit[one] if not np.isnat(visit[one]) else start[one] + wait
            if start[one] < start[following] < until:
                early.append(following)
    if early:
        problems.add(
            Found.OVERLAPPING,
            START,
            "The course began before the outcome of the same person's earlier one.",
            "Give the earlier course its stop_date, so that it counts as not reached.",
            sorted(early),
        )


def _fixed(parsed: Parsed, several: dict[str, list[int]], problems: Problems) -> None:
    for name in (*_FIXED, BORN):
        column = parsed.days.get(name) if name == BORN else parsed.numbers.get(name)
        if column is None:
            continue
        wrong: list[int] = []
        for rows in several.values():
            known = {column[i] for i in rows if column[i] == column[i]}
            if len(known) > 1:
                wrong.extend(rows)
        if wrong:
            problems.add(
                Found.PERSON_DISAGREES,
                name,
                "It differs between rows of the same person.",
                "Check that one pseudonym is one person.",
                sorted(wrong),
            )


def _sites(parsed: Parsed, problems: Problems) -> None:
    """Names of sites that differ in case or spaces only would count as two sites."""
    written: defaultdict[str, set[str]] = defaultdict(set)
    site = parsed.label(SITE)
    for name in site:
        written["".join(name.lower().split())].add(name)
    for names in written.values():
        if len(names) > 1:
            rarest = min(names, key=lambda n: (site.count(n), n))
            listed = ", ".join(repr(n) for n in sorted(names))
            problems.add(
                Found.NEAR_SITE,
                SITE,
                f"One site seems to be written in several ways: {listed}.",
                "Write each site in one way.",
                [i for i, name in enumerate(site) if name == rarest],
            )
