"""Everything between the banner and the decision where a decision is about when something happens:
where somebody stands, the risk from there, what was published, why, what is missing, what is due.
"""

from __future__ import annotations

from decision.clinical.assessment import Abstention, PrognosisCard
from decision.clinical.record import PatientRecord
from decision.clinical.situation import Situation
from decision.ui.components import cautions, flags
from decision.ui.components.classification import classification
from decision.ui.components.comparators import comparators
from decision.ui.components.estimates import abstention
from decision.ui.components.markup import paragraph
from decision.ui.components.prompts import prompts
from decision.ui.components.risk_reasons import reasons
from decision.ui.components.risks import risks
from decision.ui.components.trajectory import chart
from decision.ui.texts import inputs


def body(found: PrognosisCard, record: PatientRecord) -> str:
    return (
        paragraph(inputs.deceased(record), "tr-strong")
        + classification(found.situation)
        + f'<div class="tr-cards tr-risk">{risks(found)}{chart(found)}</div>'
        + comparators(found.situation, found)
        + reasons(found)
        + flags.row(found, record)
        + _due(found, found.situation)
    )


def without_estimate(found: Abstention, situation: Situation, record: PatientRecord) -> str:
    """No estimate as plainly as one; where somebody stands, and what is due, hold all the same."""
    return (
        paragraph(inputs.deceased(record), "tr-strong")
        + classification(situation)
        + abstention(found)
        + comparators(situation, None)
        + flags.row(found, record)
        + _due(found, situation)
    )


def _due(found: PrognosisCard | Abstention, situation: Situation) -> str:
    """The cautions of the treatments stand with the prompts that speak of them."""
    warned = cautions.row(found.spec, found.cautions) if found.cautions else ""
    return prompts(situation.prompts) + warned
