"""Where the reader notes what it would not guess: one list of `DataIssue`s per record."""

from __future__ import annotations

import re
from collections.abc import Iterable

from decision.clinical.codes import SYSTEMS, Code
from decision.clinical.quantities import Moment
from decision.clinical.record import DataIssue, IssueKind

_PUBLIC = frozenset(SYSTEMS.values())
_LOOKS_LIKE_A_CODE = re.compile(r"(?=.*[0-9])[A-Za-z0-9.\-]{1,18}|[a-z0-9\-]{1,40}")


def sentence(clause: str) -> str:
    """The clause with a capital and a full stop."""
    return f"{clause[:1].upper()}{clause[1:]}."


class Doubts:
    """Collects issues while one bundle is read, and keeps what was read in it without a doubt, so
    that the same code or time is judged once; nothing of it outlives the reading.
    """

    def __init__(self) -> None:
        self._issues: list[DataIssue] = []
        self.codes: dict[tuple[str, str, str], Code] = {}
        self.moments: dict[str, Moment] = {}

    @property
    def issues(self) -> tuple[DataIssue, ...]:
        return tuple(self._issues)

    def add(
        self,
        kind: IssueKind,
        reference: str,
        detail: str,
        remedy: str,
        codes: Iterable[Code] = (),
        effective: Moment | None = None,
    ) -> None:
        """Note one doubt, in clauses that become sentences here.

        Displays and site-specific codes are left out: hospitals have been seen to put free text
        with personal data into both.
        """
        public = tuple(
            Code(system=c.system, code=c.code)
            for c in codes
            if c.system in _PUBLIC and _LOOKS_LIKE_A_CODE.fullmatch(c.code)
        )
        self._issues.append(
            DataIssue(
                kind=kind,
                reference=reference,
                detail=sentence(detail),
                remedy=sentence(remedy),
                codes=public,
                effective=effective,
            )
        )
