"""What became of entered values afterwards, by the trail: some are taken back, some replaced."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from decision.clinical.assessment import AuditAction, AuditEvent


def taken_back(entries: Sequence[tuple[str, AuditEvent]], entered_id: str) -> frozenset[str]:
    """Codes of one entry's values that somebody took back or replaced by hand. Values that ended
    because the record was read anew were measured all the same.
    """
    events = [(i, e) for i, e in entries if e.action is AuditAction.ENTERED]
    place = next((n for n, (i, _) in enumerate(events) if i == entered_id), None)
    if place is None:
        return frozenset()
    open_ = _values(events[place][1], "entered")
    gone: set[str] = set()
    for _, event in events[place + 1 :]:
        by_hand = {} if "because" in event.outcome else _values(event, "withdrawn")
        lost = {**by_hand, **_values(event, "replaced")}
        gone |= {code for code, value in open_.items() if lost.get(code) == value}
        again = _values(event, "entered")  # what is taken back from now on is that one
        open_ = {c: v for c, v in open_.items() if c not in gone and c not in again}
    return frozenset(gone)


def _values(event: AuditEvent, word: str) -> dict[str, str]:
    told = event.outcome.get(word)
    return {str(c): str(v) for c, v in told.items()} if isinstance(told, Mapping) else {}
