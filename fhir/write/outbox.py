"""What is on its way to a chart, kept until it is there: a ledger that survives a restart.

A row holds the whole resource, which is patient data, because a chart's server may be away for
hours and the page that made it is gone by then. It is erased in the transaction that notes where
the resource now lies; what stays is the key, the place and the version. Whose a row is stands
there as a keyed digest only, and nobody else's launch finds it.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    Index,
    Integer,
    RowMapping,
    String,
    Table,
    Text,
    insert,
    select,
    update,
)

from fhir.fields import Json
from fhir.store.database import Database, metadata
from fhir.write.launched import Launched

LEASE = timedelta(minutes=2)
"""Longer than any attempt lasts; after that whoever was sending is taken for dead."""


class State(StrEnum):
    """How one resource stands. A closed list."""

    WAITING = "waiting"
    SENDING = "sending"
    SENT = "sent"
    REFUSED = "refused"
    UNSURE = "unsure"


_rows = Table(
    "chart_write",
    metadata,
    Column("sequence", Integer, primary_key=True, autoincrement=True),
    Column("key", String(36), nullable=False, unique=True),
    Column("kind", String(64), nullable=False),
    Column("state", String(16), nullable=False),
    Column("maybe", Boolean, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("code", Integer, nullable=False),
    Column("changed", String(40), nullable=False),
    Column("payload", Text),
    Column("place", String(200), nullable=False),
    Column("etag", String(200), nullable=False),
)
_decisions = Table(
    "chart_write_decision",
    metadata,
    Column("sequence", Integer, primary_key=True, autoincrement=True),
    Column("decided", String(64), nullable=False, unique=True),
    Column("person", String(64), nullable=False),
    Column("about", String(64), nullable=False),
    Column("parts", Text, nullable=False),
    Column("told", Boolean, nullable=False),
    Column("facts", Text),
    Index("chart_write_decision_person", "person", "about"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One resource of the ledger as it stood when it was read."""

    key: str
    kind: str
    state: State
    maybe: bool
    """True where an earlier attempt may have brought it there."""
    attempts: int
    code: int
    changed: datetime
    payload: Json | None = field(repr=False)
    place: str
    etag: str


class Outbox:
    """The ledger, in the product's own store. `key` is that of the trail: without it nobody can
    tell whose a row is.
    """

    def __init__(self, database: Database, key: bytes) -> None:
        self._database = database
        self._key = key
        database.create(_rows, _decisions)

    def whose(self, launched: Launched) -> str:
        """The digest that binds rows to one patient of one server, as one tenant reaches it."""
        who = json.dumps([launched.tenant, launched.base, launched.patient_id])
        return hmac.new(self._key, who.encode(), hashlib.sha256).hexdigest()

    def add(
        self,
        person: str,
        decided: str,
        about: str,
        resources: Sequence[tuple[str, Json]],
        facts: Json,
        now: datetime,
    ) -> None:
        """Keep the resources (key, resource) of one decision about one assessment, in order, with
        the `facts` that the trail will need. The same decision again changes nothing.
        """
        known = select(_decisions.c.decided).where(_decisions.c.decided == decided)
        keys = [key for key, _ in resources]
        with self._database.write() as connection:
            if connection.execute(known).first() is not None:
                return
            there = select(_rows.c.key).where(_rows.c.key.in_(keys))
            old = set(connection.execute(there).scalars())
            for key, resource in resources:
                if key not in old:
                    connection.execute(insert(_rows).values(_fresh(key, resource, now)))
            whose = {"decided": decided, "person": person, "about": about}
            kept = {"parts": json.dumps(keys), "told": True, "facts": json.dumps(facts)}
            connection.execute(insert(_decisions).values(**whose, **kept))

    def queue(self, person: str, decided: str) -> tuple[str, ...]:
        """The decisions about the same assessment up to this one, in their order: a later document
        replaces an earlier one, which must be there first. Empty for anybody else's.
        """
        c = _decisions.c
        mine = select(c.sequence, c.about).where(c.person == person, c.decided == decided)
        with self._database.read() as connection:
            found = connection.execute(mine).first()
            if found is None:
                return ()
            last, about = found
            same = (c.person == person, c.about == about, c.sequence <= last)
            order = select(c.decided).where(*same).order_by(c.sequence)
            return tuple(connection.execute(order).scalars())

    def outstanding(self, person: str) -> tuple[str, ...]:
        """This person's decisions that are not wholly in the chart, in their order."""
        c = _decisions.c
        mine = select(c.decided).where(c.person == person).order_by(c.sequence)
        with self._database.read() as connection:
            return tuple(
                decided
                for decided in connection.execute(mine).scalars().all()
                if any(
                    row.state is not State.SENT and not given_up(row)
                    for row in _found(connection, person, decided)
                )
            )

    def facts(self, person: str, decided: str) -> Json | None:
        """Whom one decision is about, as the trail names them; None once everything is sent."""
        c = _decisions.c
        mine = (c.person == person, c.decided == decided, c.facts.is_not(None))
        with self._database.read() as connection:
            kept = connection.execute(select(c.facts).where(*mine)).scalar_one_or_none()
        found: Json | None = None if kept is None else json.loads(kept)
        return found

    def give_up(self, keys: Collection[str]) -> None:
        """Send these no more, and erase their text: it was taken back. What is being sent just now
        is left alone; what may have arrived stays a doubt.
        """
        mine = (_rows.c.key.in_(keys), _rows.c.payload.is_not(None))
        still = _rows.c.state.in_((State.WAITING.value, State.REFUSED.value))
        with self._database.write() as connection:
            refused = update(_rows).where(*mine, still)
            connection.execute(refused.values(payload=None, state=State.REFUSED.value, code=0))
            unsure = update(_rows).where(*mine, _rows.c.state == State.UNSURE.value)
            connection.execute(unsure.values(payload=None))

    def of(self, person: str, decided: str) -> tuple[Row, ...]:
        """The resources of one decision in the order of sending; none for anybody else's."""
        with self._database.read() as connection:
            return _found(connection, person, decided)

    def claim(self, decided: str, key: str, now: datetime) -> Row | None:
        """Take a row for one attempt; None while somebody else has it, and once it is sent.

        From here on the trail lacks an entry about this decision, until `tell`.
        """
        wanted = select(_rows).where(_rows.c.key == key)
        with self._database.write() as connection:
            row = _row(connection.execute(wanted).mappings().one())
            if row.state is State.SENT or (row.state is State.SENDING and not over(row, now)):
                return None
            # Whoever was sending and never came back may have brought it there.
            maybe = row.maybe or row.state in (State.SENDING, State.UNSURE)
            taken = {"state": State.SENDING.value, "maybe": maybe, "attempts": row.attempts + 1}
            change = update(_rows).where(_rows.c.key == key)
            connection.execute(change.values(**taken, changed=_text(now)))
            entry = update(_decisions).where(_decisions.c.decided == decided)
            connection.execute(entry.values(told=False))
            return _row(connection.execute(wanted).mappings().one())

    def settle(
        self,
        row: Row,
        state: State,
        now: datetime,
        *,
        code: int = 0,
        place: str = "",
        etag: str = "",
    ) -> None:
        """Note how the attempt that claimed `row` ended; once sent, the resource's text goes.

        Whoever was taken for dead in the meantime changes nothing, unless it was sent after all.
        """
        told = {"state": state.value, "maybe": state is State.UNSURE, "code": code}
        values: dict[str, object] = {**told, "changed": _text(now)}
        mine = [_rows.c.key == row.key, _rows.c.state != State.SENT.value]
        if state is State.SENT:
            values |= {"payload": None, "place": place, "etag": etag}
        else:
            mine.append(_rows.c.attempts == row.attempts)
        with self._database.write() as connection:
            connection.execute(update(_rows).where(*mine).values(values))

    def untold(self, person: str, decided: str) -> Json | None:
        """What the trail needs for the entry that it lacks; None where it lacks none."""
        c = _decisions.c
        mine = (c.person == person, c.decided == decided, c.told.is_(False), c.facts.is_not(None))
        with self._database.read() as connection:
            kept = connection.execute(select(c.facts).where(*mine)).scalar_one_or_none()
        found: Json | None = None if kept is None else json.loads(kept)
        return found

    def owing(self, person: str, now: datetime) -> tuple[str, ...]:
        """This person's decisions about which the trail lacks an entry that nobody is about to
        write: whoever tried last is taken for dead. What is wholly sent may be among them.
        """
        c = _decisions.c
        mine = (c.person == person, c.told.is_(False), c.facts.is_not(None))
        with self._database.read() as connection:
            lacking = select(c.decided).where(*mine).order_by(c.sequence)
            return tuple(
                decided
                for decided in connection.execute(lacking).scalars().all()
                if not any(_moved(row, now) for row in _found(connection, person, decided))
            )

    def tell(self, person: str, decided: str) -> None:
        """The trail has its entry; who it is about is forgotten once everything is sent."""
        mine = (_decisions.c.person == person, _decisions.c.decided == decided)
        with self._database.write() as connection:
            connection.execute(update(_decisions).where(*mine).values(told=True))
            if all(row.state is State.SENT for row in _found(connection, person, decided)):
                connection.execute(update(_decisions).where(*mine).values(facts=None))

    def erase(self, before: datetime) -> int:
        """Erase the text of what has not moved since then, and say of how many resources. They can
        still be looked for in the chart, and no longer be sent.
        """
        old = (_rows.c.changed < _text(before), _rows.c.payload.is_not(None))
        with self._database.write() as connection:
            keys = list(connection.execute(select(_rows.c.key).where(*old)).scalars())
            connection.execute(update(_rows).where(_rows.c.key.in_(keys)).values(payload=None))
            kept = select(_decisions.c.decided, _decisions.c.parts)
            kept = kept.where(_decisions.c.facts.is_not(None))
            over_for = [
                decided
                for decided, listed in connection.execute(kept)
                if set(json.loads(listed)) & set(keys)
            ]
            gone = update(_decisions).where(_decisions.c.decided.in_(over_for))
            connection.execute(gone.values(facts=None))
        return len(keys)


def given_up(row: Row) -> bool:
    """Whether a result is surely not there and never will be: whoever measured it took it back."""
    gone = row.state is State.REFUSED and row.payload is None
    return gone and row.kind == "Observation"


def over(row: Row, now: datetime) -> bool:
    """Whether whoever was sending is taken for dead."""
    return row.state is State.SENDING and not _moved(row, now)


def _moved(row: Row, now: datetime) -> bool:
    """Whether something happened to it so lately that somebody may still be at it."""
    return row.changed <= now < row.changed + LEASE


def _fresh(key: str, resource: Json, now: datetime) -> dict[str, object]:
    return {
        "key": key,
        "kind": resource["resourceType"],
        "state": State.WAITING.value,
        "maybe": False,
        "attempts": 0,
        "code": 0,
        "changed": _text(now),
        "payload": json.dumps(resource),
        "place": "",
        "etag": "",
    }


def _found(connection: Connection, person: str, decided: str) -> tuple[Row, ...]:
    mine = (_decisions.c.person == person, _decisions.c.decided == decided)
    listed = connection.execute(select(_decisions.c.parts).where(*mine)).scalar_one_or_none()
    keys: list[str] = [] if listed is None else json.loads(listed)
    rows = connection.execute(select(_rows).where(_rows.c.key.in_(keys))).mappings()
    return tuple(sorted((_row(row) for row in rows), key=lambda row: keys.index(row.key)))


def _row(kept: RowMapping) -> Row:
    return Row(
        key=kept["key"],
        kind=kept["kind"],
        state=State(kept["state"]),
        maybe=kept["maybe"],
        attempts=kept["attempts"],
        code=kept["code"],
        changed=datetime.fromisoformat(kept["changed"]),
        payload=None if kept["payload"] is None else json.loads(kept["payload"]),
        place=kept["place"],
        etag=kept["etag"],
    )


def _text(when: datetime) -> str:
    """In one zone and one length, so that texts sort as times do."""
    return when.astimezone(UTC).isoformat(timespec="microseconds")
