"""Who decided what and when, and what the answer can be traced to."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from decision.clinical.assessment import Assessment
from decision.clinical.writing import ChosenTreatment
from decision.ui.record.blocks import Section, facts, listed, part, said, section
from decision.ui.texts import decided as told
from decision.ui.texts import trail
from decision.ui.texts.about import model_rows
from decision.ui.texts.numbers import instant

RESEARCH = (
    "Research use, not a cleared device. Supports, and does not replace, clinical judgement. A "
    "copy of what was shown when the decision was made; it is not brought up to date."
)
NO_MODEL = "No model answered."


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A decision, who made it as the trail names them, and when."""

    choice: ChosenTreatment
    agent: str = field(repr=False)
    at: datetime | None = None
    remark: str = field(default="", repr=False)


def decision(
    shown: Assessment, made: Made, *, against: bool = True, before: str = ""
) -> tuple[Section, ...]:
    """What was decided about the answer, and what speaks `against` it, unless the cautions stand
    right below; then what stands from `before`.
    """
    spec, choice = shown.spec, made.choice
    codes = told.against_codes(shown, choice.chosen)
    rows = [
        (
            "Decision" if against else "Chosen",
            f"{told.drug(spec, choice.chosen)}{told.against(spec, codes)}",
        ),
        ("Reason", spec.reason(choice.reason)),
        ("Remark", made.remark),
        ("Recorded as", choice.action.value),
        ("Decided by", made.agent),
        ("Decided", instant(made.at.astimezone(shown.as_of.tzinfo)) if made.at else ""),
    ]
    opposed = (f"{s}. {words}" for s, words in trail.against(shown, choice.chosen) if against)
    return section(
        "decision",
        "Decision",
        *facts(rows),
        *part("Decided although", *listed(opposed)),
        *said(before),
    )


def versions(
    shown: Assessment, decided_id: str = "", *, short: bool = False
) -> tuple[Section, ...]:
    """Everything that tells this answer from another one; `short`, without what it is for."""
    spec = shown.spec
    rows = [
        *(model_rows(shown.model) if shown.model else (("Model", NO_MODEL),)),
        ("Rules", f"{spec.id} {spec.version}"),
        ("Inputs (SHA-256)", shown.input_hash),
        ("Audit entry of what was shown", shown.audit_id),
        ("Audit entry of the decision", decided_id),
        ("Data as of", instant(shown.as_of)),
        ("Intended use", "" if short else spec.intended_use),
    ]
    return section("versions", "Versions and trail", *facts(rows))
