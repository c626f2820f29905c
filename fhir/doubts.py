"""Where the reader notes what it would not guess: one list of `DataIssue`s per record."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from decision.clinical.codes import SYSTEMS, Code
from decision.clinical.quantities import Moment
from decision.clinical.record import DataIssue, IssueKind, Part

_PUBLIC = frozenset(SYSTEMS.values())
_LOOKS_LIKE_A_CODE = re.compile(r"(?=.*[0-9])[A-Za-z0-9.\-]{1,18}|[a-z0-9\-]{1,40}")


def sentence(clause: str) -> str:
    """The clause with a capital and a full stop."""
    return f"{clause[:1].upper()}{clause[1:]}."


class Loss(NamedTuple):
    """A resource that is not in the record although it was there. No codes: it may be anything."""

    part: Part
    codes: tuple[Code, ...]
    detail: str


class Doubts:
    """Collects issues while one bundle is read, and keeps what was read in it without a doubt, so
    that the same code or time is judged once; nothing of it outlives the reading.
    """

    def __init__(self) -> None:
        self._issues: list[DataIssue] = []
        self._losses: list[Loss] = []
        self.codes: dict[tuple[str, str, str], Code] = {}
        self.moments: dict[str, Moment] = {}

    @property
    def issues(self) -> tuple[DataIssue, ...]:
        return tuple(self._issues)

    @property
    def losses(self) -> tuple[Loss, ...]:
        return tuple(self._losses)

    def lose(self, part: Part, codes: Iterable[Code]) -> None:
        """What was noted last left a whole resource out, of which the record now says nothing."""
        self._losses.append(Loss(part, public(codes), self._issues[-1].detail))

    def add(
        self,
        kind: IssueKind,
        reference: str,
        detail: str,
        remedy: str,
        codes: Iterable[Code] = (),
        effective: Moment | None = None,
    ) -> None:
        """Note one doubt, in clauses that become sentences here."""
        self._issues.append(
            DataIssue(
                kind=kind,
                reference=reference,
                detail=sentence(detail),
                remedy=sentence(remedy),
                codes=public(codes),
                effective=effective,
            )
        )


def public(codes: Iterable[Code]) -> tuple[Code, ...]:
    """The codes alone, and only those of known systems: hospitals have been seen to put free text
    with personal data into displays and into codes of their own.
    """
    return tuple(
        Code(system=c.system, code=c.code)
        for c in codes
        if c.system in _PUBLIC and _LOOKS_LIKE_A_CODE.fullmatch(c.code)
    )
