"""The record as data: every word of the page to file, and the numbers behind the words.

`decision_record.schema.json` beside this file says what stands where. The page is drawn from this
and from nothing else.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from decision.clinical.assessment import Abstention, Assessment, ComparisonCard
from decision.clinical.features import Found
from decision.clinical.record import PatientRecord
from decision.outcome import outcome_of
from decision.ui.record.blocks import data_of
from decision.ui.record.content import content, folded
from decision.ui.record.traced import RESEARCH, Made
from decision.ui.texts import cautions, pages
from decision.ui.texts.numbers import instant

Json = dict[str, object]
VERSION = 1
SCHEMA = Path(__file__).with_name("decision_record.schema.json")
LANGUAGE = "en"
TITLE = "Record of decision support"
TAKEN = "Made by {agent}, {when}."


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """Who takes the record with them, when, and at which site."""

    agent: str = field(repr=False)
    at: datetime
    site: str


def exported(
    shown: Assessment,
    record: PatientRecord,
    made: Made | None,
    taken: Taken,
    earlier: str = "",
) -> Json:
    """The record of one assessment, as it is on the screen, with the decision about it if any and
    the one that stands from an `earlier` showing, in words.
    """
    spec, who = shown.spec, record.identity
    zone = record.as_of.tzinfo
    simulated = shown.model is not None and shown.model.simulated
    return {
        "record": "decision-support",
        "version": VERSION,
        "language": LANGUAGE,
        "title": TITLE,
        "subject": spec.title,
        "kind": kind(shown),
        "simulated": simulated,
        "banner": list(pages.SIMULATED) if simulated else None,
        "note": RESEARCH,
        "taken": {
            "at": taken.at.isoformat(),
            "by": taken.agent,
            "words": TAKEN.format(agent=taken.agent, when=instant(taken.at.astimezone(zone))),
        },
        "patient": {
            "words": list(pages.whose(record)),
            "name": who.name,
            "born": who.birth_date.text if who.birth_date else None,
            "sex": who.sex,
            "record_number": who.record_number,
        },
        "sections": [data_of(each) for each in content(shown, record, made, earlier)],
        "folded": [data_of(each) for each in folded(shown, record)],
        "answer": outcome_of(shown, record, taken.site),
        "reasons": _reasons(shown),
        "causes": [
            {"reason": c.reason.value, "detail": c.detail, "remedy": c.remedy}
            for c in (shown.causes if isinstance(shown, Abstention) else ())
        ],
        "cautions": [
            {
                "id": f.rule.id,
                "title": f.rule.title,
                "state": cautions.state(f),
                "severity": {drug: severity.value for drug, severity in f.severity.items()},
                "detail": f.detail,
                "source": cautions.source(f),
            }
            for f in shown.cautions
        ],
        "inputs": _inputs(shown),
        "decided": _decided(shown, made) if made else None,
        "trace": {
            "decision": spec.id,
            "intended_use": spec.intended_use,
            "rules": spec.version,
            "model": shown.model.id if shown.model else None,
            "model_version": shown.model.version if shown.model else None,
            "model_sha256": shown.model.checksum if shown.model else None,
            "inputs_sha256": shown.input_hash,
            "shown_entry": shown.audit_id,
            "decided_entry": made.choice.audit_id if made else None,
            "data_as_of": shown.as_of.isoformat(),
        },
    }


def as_json(record: Json) -> bytes:
    """The file."""
    return (json.dumps(record, ensure_ascii=False, indent=1, allow_nan=False) + "\n").encode()


def kind(shown: Assessment) -> str:
    """`comparison`, `prognosis` or `abstention`."""
    if isinstance(shown, Abstention):
        return "abstention"
    return "comparison" if isinstance(shown, ComparisonCard) else "prognosis"


def _inputs(shown: Assessment) -> list[Json]:
    told: list[Json] = []
    for feature_id, finding in shown.features.findings:
        feature, evidence = shown.spec.feature(feature_id), finding.evidence
        found = isinstance(finding, Found)
        told.append(
            {
                "id": feature_id,
                "label": feature.label,
                "value": finding.value if isinstance(finding, Found) else None,
                "unit": feature.unit,
                "missing": None if isinstance(finding, Found) else finding.reason.value,
                "date": evidence.effective.text if evidence and evidence.effective else None,
                "origin": evidence.origin.value if evidence else None,
                "sources": sorted({s.reference for s in evidence.sources}) if evidence else [],
                "chosen": evidence.how if evidence and found else "",
            }
        )
    return told


def _reasons(shown: Assessment) -> list[Json]:
    """What moved the answer, in probability, unrounded."""
    if isinstance(shown, Abstention):
        return []
    if isinstance(shown, ComparisonCard):
        return [
            {"player": c.player, "both": c.prognostic, "difference": c.differential}
            for c in shown.answer.explanation.contributions
        ]
    return [
        {"player": found.player, "within": horizon, "effect": effect}
        for found in shown.answer.explanation.effects
        for horizon, effect in found.effects.items()
    ]


def _decided(shown: Assessment, made: Made) -> Json:
    choice = made.choice
    return {
        "chosen": choice.chosen,
        "chosen_words": shown.spec.choices().get(choice.chosen, choice.chosen),
        "reason": choice.reason or None,
        "reason_words": shown.spec.reason(choice.reason) if choice.reason else None,
        "remark": made.remark or None,
        "recorded_as": choice.action.value,
        "by": made.agent,
        "at": made.at.isoformat() if made.at else None,
    }
