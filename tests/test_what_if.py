"""What is only tried stays where it is tried: bounded, marked, and unable to pass for an answer."""

from __future__ import annotations

import ast
import dataclasses
import inspect

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mypy import api

from decision import assess as assessing
from decision import catalog
from decision import what_if as trying
from decision.assess import assess
from decision.catalog import changeable as table
from decision.catalog.changeable import Changeable, changeable
from decision.clinical.answers import ComparisonEstimate
from decision.clinical.assessment import AbstentionReason, ComparisonCard, SilenceReason
from decision.clinical.errors import ModelError
from decision.rules import derive_features
from decision.what_if import (
    HypotheticalComparison,
    HypotheticalPrognosis,
    HypotheticalRefusal,
    NotOfferedError,
    offers,
    what_if,
    whole,
)
from models.decisions import ARTIFACTS
from models.predictor import load_predictor
from tests.builders import CONTEXT, FakePredictor, ListAuditLog, make_answer
from tests.fakes import COMPLETE, TenderPredictor, page_record, page_spec
from tests.test_house import ROOT
from tests.trained import DECISION, TYPICAL, spec, vector

USUAL = {"tender": (1.0, 24.0), "crp": (1.23, 160.77)}
LASTING = ("age", "male", "rheumatoid_factor", "acpa", "prior_tnfi_count", "disease_duration")
OF_CHILDREN = ("age", "male", "ia2a", "grs2", "stratum", "antibody_number", "gada", "ancestry")


@pytest.fixture(autouse=True)
def _offered(monkeypatch):
    """The small decision of the tests offers what a real one does: a count, a number, a switch."""
    rows = (
        Changeable(feature="tender"),
        Changeable(feature="crp"),
        Changeable(feature="mtx", to_zero="Add it", to_one=""),
    )
    monkeypatch.setitem(table._CHANGEABLE, "test_decision", rows)


def made(predictor=None, **changes) -> ComparisonCard:
    record = page_record("p1", *COMPLETE)
    found = assess(
        record, page_spec(**changes), predictor or TenderPredictor(), ListAuditLog(), CONTEXT
    )
    assert isinstance(found, ComparisonCard)
    return found


def tried(card, values, predictor=None, **bounds):
    offered = offers(card, USUAL | bounds)
    return what_if(card, offered, values, predictor or TenderPredictor(), "here")


def test_every_decision_that_is_listed_exists_and_so_do_its_features():
    for decision_id, rows in table._CHANGEABLE.items():
        if decision_id == "test_decision":
            continue
        features = {f.id for f in catalog.load(decision_id).features}
        assert {row.feature for row in rows} <= features


@pytest.mark.parametrize(
    ("decision_id", "lasting"), [(DECISION, LASTING), ("t1d_progression", OF_CHILDREN)]
)
def test_r08_who_somebody_is_and_what_has_happened_cannot_be_tried(decision_id, lasting):
    assert {row.feature for row in changeable(decision_id)}.isdisjoint(lasting)
    assert changeable(decision_id)


def test_adding_methotrexate_is_offered_to_whoever_takes_none_and_stopping_to_whoever_does():
    predictor = load_predictor(spec(), ARTIFACTS / DECISION)
    switches = {}
    for flag in (0.0, 1.0):
        values = vector(TYPICAL | {"monotherapy": flag})
        answer = predictor.answer(values, site="simulated-demo", level=0.9)
        card = dataclasses.replace(made(), spec=spec(), features=values, answer=answer)
        usual = predictor.outlook(values, site="simulated-demo", level=0.9).usual
        (offer,) = [o for o in offers(card, usual) if o.feature.id == "monotherapy"]
        switches[flag] = offer.switch
    assert switches[1.0].startswith("Add methotrexate")
    assert switches[0.0].startswith("Stop methotrexate")


def test_r08_numbers_lie_between_the_values_that_the_model_has_seen():
    crp = next(o for o in offers(made(), USUAL) if o.feature.id == "crp")
    assert (crp.low, crp.high, crp.step, crp.now) == (1.5, 160.5, 0.5, 42.0)
    tender = next(o for o in offers(made(), USUAL) if o.feature.id == "tender")
    assert (tender.low, tender.high) == (1.0, 24.0)
    assert whole(tender)
    assert not whole(crp)


def test_what_the_model_has_not_seen_is_not_offered_and_support_bounds_what_it_has():
    assert [o.feature.id for o in offers(made(), {"tender": (1.0, 24.0)})] == ["tender"]
    wide = next(o for o in offers(made(), {"crp": (-5.0, 9e9)}) if o.feature.id == "crp")
    assert (wide.low, wide.high) == (0.0, 500.0)
    assert offers(made(), {"crp": (7.1, 7.2)}) == ()  # no step fits between


def test_a_switch_is_offered_only_one_way_and_only_of_what_is_known():
    assert "mtx" not in [o.feature.id for o in offers(made(), USUAL)]


@pytest.mark.parametrize("values", [{"crp": 1.0}, {"crp": 161.0}, {"tender": 25.0}, {"mtx": 0.0}])
def test_r08_what_is_not_offered_cannot_be_tried(values):
    with pytest.raises(NotOfferedError) as raised:
        tried(made(), values)
    assert raised.value.remedy


def test_an_own_value_beyond_the_limits_is_no_change():
    found = tried(made(), {"crp": 42.0}, crp=(1.0, 40.0))
    assert found.changes == ()


@settings(max_examples=30)
@given(st.integers(1, 24))
def test_the_answer_is_what_the_model_says_of_the_changed_values(joints):
    card, predictor = made(), TenderPredictor()
    found = tried(card, {"tender": float(joints)}, predictor)
    assert isinstance(found, HypotheticalComparison)
    assert found.answer.predictions[0].probability == pytest.approx(0.60 - joints / 100)
    asked = predictor.asked[-1].values
    assert asked == {**card.features.values, "tender": float(joints)}
    assert card.features.values["tender"] == 12.0
    assert (found.changes == ()) is (joints == 12)


def test_the_rules_of_an_answer_hold_for_what_is_tried():
    unlike = FakePredictor(make_answer(p_value=0.001))
    found = tried(made(), {"tender": 4.0}, unlike)
    assert isinstance(found, HypotheticalRefusal)
    assert [c.reason for c in found.causes] == [AbstentionReason.OUT_OF_DOMAIN]
    wide = tried(made(), {"tender": 4.0}, FakePredictor(make_answer(half=0.4)))
    assert isinstance(wide, HypotheticalRefusal)
    assert {c.reason for c in wide.causes} == {AbstentionReason.RANGE_TOO_WIDE}
    usual = tried(made(), {"tender": 4.0})
    assert SilenceReason.GAP_BELOW_MARGIN in usual.preference.silence
    assert not usual.range_first
    assert tried(made(), {"tender": 4.0}, FakePredictor(make_answer(half=0.3))).range_first


def test_a_model_that_breaks_on_what_is_tried_says_why():
    class Broken(TenderPredictor):
        def answer(self, features, *, site, level):
            raise ModelError("It cannot.", "Try another.")

    found = tried(made(), {"tender": 4.0}, Broken())
    assert isinstance(found, HypotheticalRefusal)
    assert (found.causes[0].detail, found.causes[0].remedy) == ("It cannot.", "Try another.")


@pytest.mark.parametrize("missing", [(), ("crp",), ("monotherapy", "age")])
def test_what_is_tried_is_the_full_answer_to_the_last_bit_without_its_reasons(missing):
    predictor = load_predictor(spec(), ARTIFACTS / DECISION)
    for flag in (0.0, 1.0):
        known = {f: x for f, x in (TYPICAL | {"monotherapy": flag}).items() if f not in missing}
        asked = {"site": "simulated-demo", "level": 0.9}
        full = predictor.answer(vector(known), **asked)
        told = predictor.estimate(vector(known), **asked)
        assert type(told) is ComparisonEstimate  # nothing a card could be made of
        for field in dataclasses.fields(ComparisonEstimate):
            assert getattr(told, field.name) == getattr(full, field.name)


def test_what_cannot_be_answered_cannot_be_tried_either():
    predictor = load_predictor(spec(), ARTIFACTS / DECISION)
    with pytest.raises(ModelError, match="recalibrated"):
        predictor.estimate(vector(TYPICAL), site="nowhere", level=0.9)


def test_a_stop_in_the_record_stays_and_silences_what_is_tried():
    stop = made(find_cautions=page_spec(stop=True).find_cautions)
    found = tried(stop, {"tender": 4.0})
    assert found.cautions == stop.cautions
    assert SilenceReason.STOP_CAUTION in found.preference.silence


def test_nothing_that_tries_knows_a_trail_a_record_or_a_hash():
    tree = ast.parse(inspect.getsource(trying))
    imported = {
        alias.name for n in ast.walk(tree) if isinstance(n, ast.ImportFrom) for alias in n.names
    }
    assert imported.isdisjoint({"AuditLog", "AuditEvent", "PatientRecord", "input_hash", "assess"})


def test_trying_writes_no_line_to_the_trail():
    audit = ListAuditLog()
    card = assess(page_record("p1", *COMPLETE), page_spec(), TenderPredictor(), audit, CONTEXT)
    before = list(audit.events)
    for joints in (2.0, 4.0, 6.0):
        tried(card, {"tender": joints})
    assert audit.events == before


MISUSED = """
from decision.assess import AuditLog, Context, record_choice
from decision.clinical.assessment import Assessment, AuditAction, Card
from decision.clinical.record import PatientRecord
from decision.ui.record.content import content
from decision.ui.texts.displayed import displayed
from decision.what_if import Hypothetical, HypotheticalComparison, HypotheticalPrognosis

def use(a: Hypothetical, b: HypotheticalComparison, c: HypotheticalPrognosis,
        record: PatientRecord, audit: AuditLog, context: Context) -> None:
    record_choice(a, record, AuditAction.DECIDED, {}, audit, context)  # 11
    displayed(b)  # 12
    content(c, record, None)  # 13
    card: Card = b  # 14
    shown: Assessment = a  # 15
"""


def test_r08_nothing_that_records_writes_or_prints_takes_a_hypothetical_answer(tmp_path):
    """By type: each of these lines would be an assessment's, and mypy refuses each."""
    path = tmp_path / "misused.py"
    path.write_text(MISUSED)
    told, _, status = api.run(
        [str(path), "--config-file", str(ROOT / "pyproject.toml"), "--follow-imports=silent"]
    )
    lines = {int(line.split(":")[1]) for line in told.splitlines() if "error:" in line}
    assert status == 1, told
    assert lines == {11, 12, 13, 14, 15}, told


def test_the_outcome_and_the_hash_of_an_assessment_take_no_hypothetical():
    """They read a record; what is tried has none."""
    assert "record" in inspect.signature(assessing.outcome_of).parameters
    assert "record" in inspect.signature(assessing.input_hash).parameters
    fields = {f.name for f in dataclasses.fields(HypotheticalComparison)}
    assert fields.isdisjoint({"input_hash", "audit_id", "as_of", "features"})
    assert {f.name for f in dataclasses.fields(HypotheticalPrognosis)}.isdisjoint(
        {"input_hash", "audit_id", "as_of", "features"}
    )


def test_what_is_tried_is_derived_from_no_record():
    card = made()
    assert derive_features(page_record("p1", *COMPLETE), card.spec) == card.features
    tried(card, {"tender": 4.0})
    assert derive_features(page_record("p1", *COMPLETE), card.spec) == card.features
