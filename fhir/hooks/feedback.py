"""What became of cards: which were issued about which entry of the trail, and what users said.

Silence is not consent: ignored cards are never reported, so nothing here counts them as accepted.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Column, String, Table, Text, insert, select

from fhir.fields import Json
from fhir.hooks.body import instant, matching, required
from fhir.hooks.calls import HookCall
from fhir.hooks.errors import RequestError
from fhir.store.database import Database, metadata

CARD = Table(
    "hook_card",
    metadata,
    Column("uuid", String(36), primary_key=True),
    Column("issued", String(40), nullable=False),
    Column("tenant", String(200), nullable=False),
    Column("service", String(200), nullable=False),
    Column("hook", String(40), nullable=False),
    Column("instance", String(36), nullable=False),
    Column("audit_id", String(100), nullable=False),
)
FEEDBACK = Table(
    "hook_feedback",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("received", String(40), nullable=False),
    Column("tenant", String(200), nullable=False),
    Column("service", String(200), nullable=False),
    Column("card", String(36), nullable=False),
    Column("audit_id", String(100), nullable=False),  # "" for a card we do not know
    Column("outcome", String(20), nullable=False),
    Column("at", String(40), nullable=False),
    Column("reason_system", Text, nullable=False),
    Column("reason_code", Text, nullable=False),
    Column("comment", Text, nullable=False),  # free text: may hold personal data, never logged
    Column("suggestions", Text, nullable=False),
)
_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_OUTCOME = re.compile("accepted|overridden")
_MOST = 100
_LONGEST_COMMENT = 4_000
_UNSTORED = frozenset(map(chr, (0, *range(0xD800, 0xE000))))
"""No character of a text: a database may refuse to store them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Feedback:
    """One outcome of one card, as it was reported."""

    card: str
    outcome: str
    at: datetime
    reason_system: str = ""
    reason_code: str = ""
    comment: str = field(default="", repr=False)
    suggestions: tuple[str, ...] = ()


def read_feedback(body: Json) -> tuple[Feedback, ...]:
    """Every outcome of the call, or RequestError: one bad item stores none of them."""
    listed = required(body, "feedback", "feedback", list, "a list of outcomes")
    if not 0 < len(listed) <= _MOST or not all(isinstance(item, dict) for item in listed):
        raise RequestError("feedback", "it is not a list of outcomes", f"Send 1 to {_MOST}")
    return tuple(_feedback(item, f"feedback[{n}]") for n, item in enumerate(listed))


def _feedback(item: Json, where: str) -> Feedback:
    card = matching(item, "card", f"{where}.card", _UUID, "the uuid of the card")
    outcome = matching(item, "outcome", f"{where}.outcome", _OUTCOME, "accepted or overridden")
    suggestions = item.get("acceptedSuggestions")
    if outcome == "accepted":
        suggestions = required(
            item, "acceptedSuggestions", f"{where}.acceptedSuggestions", list, "a list of ids"
        )
        if not 0 < len(suggestions) <= _MOST or not all(isinstance(s, dict) for s in suggestions):
            raise RequestError(
                f"{where}.acceptedSuggestions", "it is no list of ids", "Send what was accepted"
            )
    else:
        suggestions = []
    given = item.get("overrideReason")
    if given is not None and not isinstance(given, dict):
        raise RequestError(f"{where}.overrideReason", "it is not an object", "Send it as specified")
    system, code, comment = _reason(given or {}, f"{where}.overrideReason")
    return Feedback(
        card=card.lower(),
        outcome=outcome,
        at=instant(item, "outcomeTimestamp", f"{where}.outcomeTimestamp"),
        reason_system=system,
        reason_code=code,
        comment=comment,
        suggestions=tuple(
            str(required(s, "id", f"{where}.acceptedSuggestions.id", str, "an id"))
            for s in suggestions
        ),
    )


def _reason(given: Json, where: str) -> tuple[str, str, str]:
    """System, code and comment, each "" where it is not there."""
    coding, comment = given.get("reason"), given.get("userComment", "")
    if coding is not None and not isinstance(coding, dict):
        raise RequestError(f"{where}.reason", "it is not a Coding", "Send code and system")
    if not isinstance(comment, str) or len(comment) > _LONGEST_COMMENT or _UNSTORED & {*comment}:
        raise RequestError(
            f"{where}.userComment", "it is no text of fitting length", "Send a shorter comment"
        )
    if coding is None:
        return "", "", comment
    code = str(required(coding, "code", f"{where}.reason.code", str, "a code"))
    system = coding.get("system", "")
    if system:
        required(coding, "system", f"{where}.reason.system", str, "a code system")
    return system, code, comment


class HookLedger:
    """Cards issued and feedback received, beside the trail in the same database."""

    def __init__(self, database: Database) -> None:
        self._database = database
        database.create(CARD, FEEDBACK)

    def issued(self, uuid: str, call: HookCall, audit_id: str) -> None:
        """Remember a card before it goes out. Holds nobody: the trail's entry says whom it is
        about.
        """
        with self._database.write() as connection:
            connection.execute(
                insert(CARD).values(
                    uuid=uuid,
                    issued=call.received.isoformat(),
                    tenant=call.tenant.id,
                    service=call.service,
                    hook=call.hook.value,
                    instance=call.instance,
                    audit_id=audit_id,
                )
            )

    def service_of(self, uuid: str, tenant: str) -> str:
        """Which service gave that card to that tenant; empty for any other word."""
        if not _UUID.fullmatch(uuid):
            return ""
        card = select(CARD.c.service).where(CARD.c.uuid == uuid.lower(), CARD.c.tenant == tenant)
        with self._database.read() as connection:
            return connection.execute(card).scalar_one_or_none() or ""

    def keep(self, tenant: str, service: str, when: datetime, given: tuple[Feedback, ...]) -> None:
        """Store each outcome once, however often it is reported.

        One about a card we do not know is kept too, without an entry of the trail: the client has
        kept its record, and whether ours was restored from a backup is not its fault. A card of
        another tenant is such a card.
        """
        with self._database.write() as connection:
            for item in given:
                digest = _digest(tenant, service, item)
                if connection.execute(
                    select(FEEDBACK.c.digest).where(FEEDBACK.c.digest == digest)
                ).first():
                    continue
                audit_id = connection.execute(
                    select(CARD.c.audit_id).where(
                        CARD.c.uuid == item.card,
                        CARD.c.tenant == tenant,
                        CARD.c.service == service,
                    )
                ).scalar_one_or_none()
                connection.execute(
                    insert(FEEDBACK).values(
                        digest=digest,
                        received=when.isoformat(),
                        tenant=tenant,
                        service=service,
                        card=item.card,
                        audit_id=audit_id or "",
                        outcome=item.outcome,
                        at=item.at.isoformat(),
                        reason_system=item.reason_system,
                        reason_code=item.reason_code,
                        comment=item.comment,
                        suggestions=json.dumps(item.suggestions),
                    )
                )


def _digest(tenant: str, service: str, item: Feedback) -> str:
    """What makes two reports the same one: everything that was said."""
    said = [tenant, service, item.card, item.outcome, item.at.timestamp(), item.reason_system]
    said += [item.reason_code, item.comment, list(item.suggestions)]
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()
