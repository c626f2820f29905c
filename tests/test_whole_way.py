"""From the file to the card with the real parts: reader, decision, shipped model, trail."""

from __future__ import annotations

import re

import pytest

from decision.assess import assess
from decision.clinical.assessment import (
    Abstention,
    AbstentionReason,
    Assessment,
    AuditAction,
    ComparisonCard,
    Explanation,
)
from decision.clinical.record import PatientRecord
from decision.ui import entries
from decision.ui.services import Services
from decision.ui.texts.reasons import prognostic
from decision.ui.texts.summary import summary
from tests.fakes import visit_of
from tests.samples import unpacked

ANSWERS = {
    "biologic_decision": "starting-or-changing",
    "tender_joints": 9,
    "swollen_joints": 6,
    "patient_global": 6.0,
    "physician_global": 5.5,
}
ASKED = ("tender joint", "swollen joint", "patient global", "physician global")
ADDITIVE = 1e-9


@pytest.fixture(scope="module")
def served(real_services, tmp_path_factory) -> Services:
    return real_services(tmp_path_factory.mktemp("trail"))


@pytest.fixture(scope="module")
def samples(tmp_path_factory) -> dict[str, PatientRecord]:
    source = unpacked(tmp_path_factory.mktemp("samples"))
    records = (source.load(listing.patient_id) for listing in source.patients())
    return {record.identity.name.split()[-1]: record for record in records}


def assessed(services: Services, record: PatientRecord) -> Assessment:
    ports = (
        services.decisions[0].spec,
        services.decisions[0].predictor,
        services.audit,
        services.context(visit_of(services)),
    )
    return assess(record, *ports)


def through_the_form(found: Assessment, record: PatientRecord) -> PatientRecord:
    """What the form asks after this assessment, answered and filed as the form files it."""
    asked = entries.fields(found.spec, found.features, found.criteria)
    answered = [(f, ANSWERS[f.entry.concept]) for f in asked if f.entry.concept in ANSWERS]
    assert {f.entry.concept for f, _ in answered} == set(ANSWERS)
    assert [entries.problem(f, answer) for f, answer in answered] == [""] * len(ANSWERS)
    return record.with_entries(tuple(entries.observation(f, a, record) for f, a in answered))


@pytest.mark.parametrize("name", ["Marvin", "Dibbert"])
def test_a_sample_with_arthritis_names_what_it_lacks_and_the_form_leads_to_a_card(
    served, samples, name
):
    record = samples[name]
    without = assessed(served, record)
    assert isinstance(without, Abstention)
    missing = [c for c in without.causes if c.reason is AbstentionReason.REQUIRED_MISSING]
    said = " ".join(c.detail for c in missing).lower()
    assert [words for words in ASKED if words not in said] == []
    assert all(c.remedy for c in missing)

    card = assessed(served, through_the_form(without, record))
    assert isinstance(card, ComparisonCard)
    assert all(0.0 < p.probability < 1.0 for p in card.answer.predictions)
    trail = served.audit.entries(record.patient_id, record.identity).entries
    kept = [event.outcome["shown"] for _, event in trail]
    assert kept == ["abstention", "card"]


def test_the_sample_with_diabetes_is_not_eligible_whatever_is_entered(served, samples):
    record = samples["Kuhlman"]
    for told in (record, through_the_form(assessed(served, record), record)):
        found = assessed(served, told)
        assert isinstance(found, Abstention)
        assert found.causes[0].reason is AbstentionReason.NOT_ELIGIBLE
        assert re.search("rheumatoid arthritis", found.causes[0].detail, re.IGNORECASE)
    trail = served.audit.entries(record.patient_id, record.identity).entries
    assert {event.action for _, event in trail} == {AuditAction.ASSESSED}
    assert all("probabilities" not in event.outcome for _, event in trail)


def gaps(card: ComparisonCard) -> dict[str, float]:
    """By how much the reasons fail to add up: both drugs and their difference, two ways each."""
    told: Explanation = card.answer.explanation
    wanted = {p.treatment: p.probability for p in card.answer.predictions}
    contrast = card.answer.contrast
    found = {}
    for kind, parts in (("player", told.contributions), ("modality", told.modalities)):
        for treatment, probability in wanted.items():
            total = told.base[treatment] + sum(c.effects[treatment] for c in parts)
            found[f"{kind}, {treatment}"] = abs(total - probability)
        apart = told.base[contrast.b] - told.base[contrast.a]
        total = apart + sum(c.differential for c in parts)
        found[f"{kind}, difference"] = abs(total - contrast.difference)
    return found


def test_the_reasons_of_every_demo_patient_with_a_card_add_up(served):
    """Per player and per modality, for both drugs and the difference, on the shipped model."""
    listed = [listing.patient_id for listing in visit_of(served).source.patients()]
    found = {i: assessed(served, visit_of(served).source.load(i)) for i in listed}
    cards = {i: card for i, card in found.items() if isinstance(card, ComparisonCard)}
    assert len(cards) >= 8
    for patient_id, card in cards.items():
        players = {c.player for c in card.answer.explanation.contributions}
        kinds = {c.player for c in card.answer.explanation.modalities}
        assert players == {p.id for p in card.spec.players}
        assert kinds == {m.value for m in card.spec.quorum}
        assert {k: v for k, v in gaps(card).items() if v > ADDITIVE} == {}, patient_id
        assert card.answer.explanation.certificate <= ADDITIVE


def test_what_was_found_is_said_in_the_record_s_own_words_where_a_number_says_too_little(
    served,
):
    source = visit_of(served).source
    records = {patient: source.load(patient) for patient in ("demo-01", "demo-03")}
    told = {p: summary(assessed(served, record), record) for p, record in records.items()}
    primary = assessed(served, records["demo-03"])
    assert isinstance(primary, ComparisonCard)
    assert "No earlier TNF inhibitor listed" in told["demo-01"]
    assert "primary failure" not in told["demo-01"]
    assert "Adalimumab Mar–Oct 2026, stopped: primary failure." in told["demo-03"]
    lines = [line for group in prognostic(primary) for line in group.lines]
    assert any(line.startswith("Primary failure, adalimumab, 19 Oct 2026: ") for line in lines)
