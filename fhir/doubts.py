"""Where the reader notes what it would not guess: one list of `DataIssue`s per record."""

from __future__ import annotations

from collections.abc import Iterable

from decision.clinical.codes import SYSTEMS, Code
from decision.clinical.record import DataIssue, IssueKind

_PUBLIC = frozenset(SYSTEMS.values())


def sentence(clause: str) -> str:
    """The clause with a capital and a full stop."""
    return f"{clause[:1].upper()}{clause[1:]}."


class Doubts:
    """Collects issues while one bundle is read."""

    def __init__(self) -> None:
        self._issues: list[DataIssue] = []

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
    ) -> None:
        """Note one doubt, in clauses that become sentences here.

        Displays and site-specific codes are left out of it: hospitals have been seen to put free
        text with personal data into both.
        """
        public = tuple(Code(system=c.system, code=c.code) for c in codes if c.system in _PUBLIC)
        self._issues.append(
            DataIssue(
                kind=kind,
                reference=reference,
                detail=sentence(detail),
                remedy=sentence(remedy),
                codes=public,
            )
        )
