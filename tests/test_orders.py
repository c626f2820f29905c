"""Which class an order is for: by code, by name as a last resort, else nothing."""

from __future__ import annotations

import pytest

from decision import catalog
from decision.clinical.codes import ATC, RXNORM, Code
from decision.clinical.notice import Ordered
from decision.clinical.record import MedicationExposure, MedicationState, Source
from decision.evidence.orders import ordered_treatments
from fhir.hooks.errors import RequestError
from fhir.hooks.orders import selected_orders, with_orders
from tests.demo_servers import NOW
from tests.fakes import page_record
from tests.hook_calls import (
    ADALIMUMAB,
    AMOXICILLIN,
    SERVER,
    TOCILIZUMAB,
    draft,
)
from tests.hook_calls import (
    RXNORM as RXNORM_URL,
)

SPEC = next(iter(catalog.discover().values()))
TNFI, IL6I = (t.id for t in SPEC.treatments)


@pytest.mark.parametrize("spec", catalog.discover().values(), ids=lambda spec: spec.id)
def test_every_decisions_treatments_can_be_recognised_when_they_are_ordered(spec):
    for treatment in spec.treatments:
        codes = [e.code for e in spec.codelists[treatment.id].entries if not e.prefix]
        assert treatment.names
        for code in codes:
            (found,) = ordered_treatments([order(code)], spec)
            assert found == Ordered(treatment=treatment.id)
        for name in treatment.names:
            found = ordered_treatments([order(text=f"{name} 40 mg")], spec)
            assert Ordered(treatment=treatment.id, by_name=True) in found


def order(*codes: Code, text: str = "") -> MedicationExposure:
    return MedicationExposure(
        codes=codes,
        state=MedicationState.PLANNED,
        start=None,
        end=None,
        source=Source(reference="MedicationRequest/1"),
        text=text,
    )


def rxnorm(code: str, display: str = "") -> Code:
    return Code(system=RXNORM, code=code, display=display)


@pytest.mark.parametrize(
    ("code", "treatment"),
    [
        (rxnorm(ADALIMUMAB), TNFI),
        (Code(system=ATC, code="L04AB01"), TNFI),
        (rxnorm(TOCILIZUMAB), IL6I),
        (Code(system=ATC, code="L04AC14"), IL6I),
    ],
)
def test_a_listed_code_says_which_class(code, treatment):
    assert ordered_treatments([order(code)], SPEC) == (Ordered(treatment=treatment),)


@pytest.mark.parametrize("words", ["Humira 40 mg pen", "ADALIMUMAB 40MG/0.8ML", "RoActemra SC"])
def test_a_product_code_is_recognised_by_its_words_and_said_to_be(words):
    found = ordered_treatments([order(rxnorm("351290"), text=words)], SPEC)
    assert [o.by_name for o in found] == [True]


def test_the_words_of_a_coding_count_too():
    assert ordered_treatments([order(rxnorm("351290", "sarilumab 150 mg"))], SPEC) == (
        Ordered(treatment=IL6I, by_name=True),
    )


def test_a_code_goes_before_a_name():
    found = ordered_treatments([order(rxnorm(ADALIMUMAB), text="instead of tocilizumab")], SPEC)
    assert found == (Ordered(treatment=TNFI),)


@pytest.mark.parametrize("words", ["amoxicillin", "adalimumabum-like", "", "infliximabx"])
def test_other_drugs_order_none_of_the_classes(words):
    assert ordered_treatments([order(rxnorm(AMOXICILLIN), text=words)], SPEC) == ()


def test_both_classes_may_be_ordered_at_once():
    both = [order(rxnorm(TOCILIZUMAB)), order(rxnorm(ADALIMUMAB))]
    assert [o.treatment for o in ordered_treatments(both, SPEC)] == [TNFI, IL6I]


def context(*drafts, selections=None):
    chosen = [f"{d['resourceType']}/{d['id']}" for d in drafts]
    return {
        "selections": chosen if selections is None else selections,
        "draftOrders": {"resourceType": "Bundle", "entry": [{"resource": d} for d in drafts]},
    }


def read(given):
    return selected_orders(given, "demo-05", SERVER, NOW)


def test_only_what_was_selected_counts():
    one, two = draft(), draft(TOCILIZUMAB, id="draft-104")
    assert len(read(context(one, two))) == 2
    found = read(context(one, two, selections=["MedicationRequest/draft-104"]))
    assert [o.source.reference for o in found] == ["MedicationRequest/draft-104"]


def test_an_older_client_names_a_selection_by_its_id_alone():
    assert len(read(context(draft(), selections=["draft-103"]))) == 1


def test_an_order_is_planned_whatever_a_client_calls_its_status():
    states = {read(context(draft(status=s)))[0].state for s in ("draft", "active", "completed")}
    assert states == {MedicationState.PLANNED}


def test_a_draft_without_a_status_is_a_draft():
    unfinished = draft()
    del unfinished["status"]
    assert len(read(context(unfinished))) == 1


def test_a_drug_may_be_named_by_a_medication_of_the_session():
    medication = {
        "resourceType": "Medication",
        "id": "m9",
        "code": {"coding": [{"system": RXNORM_URL, "code": TOCILIZUMAB}]},
    }
    referring = draft(medicationReference={"reference": "Medication/m9"})
    del referring["medicationCodeableConcept"]
    found = read(context(referring, medication, selections=["MedicationRequest/draft-103"]))
    assert ordered_treatments(found, SPEC) == (Ordered(treatment=IL6I),)


def test_what_is_not_to_be_given_is_no_order():
    assert read(context(draft(doNotPerform=True))) == ()


@pytest.mark.parametrize(
    "subject", ["Patient/other", "https://elsewhere.example.org/fhir/Patient/demo-05"]
)
def test_a_draft_for_somebody_else_refuses_the_call_even_when_it_is_not_selected(subject):
    foreign = draft(id="draft-9", subject={"reference": subject})
    with pytest.raises(RequestError, match="another patient"):
        read(context(draft(), foreign, selections=["MedicationRequest/draft-103"]))


def test_a_draft_may_name_the_patient_by_the_full_address():
    assert len(read(context(draft(subject={"reference": f"{SERVER}/Patient/demo-05"})))) == 1


@pytest.mark.parametrize(
    ("field", "given_"),
    [
        ("context.selections", {"draftOrders": {"resourceType": "Bundle"}}),
        ("context.selections", context(draft(), selections="MedicationRequest/draft-103")),
        ("context.selections", context(draft(), selections=[7])),
        ("context.draftOrders", {"selections": []}),
        ("context.draftOrders", {"selections": ["a"], "draftOrders": {"resourceType": "List"}}),
        ("context.draftOrders", {"selections": ["a"], "draftOrders": {"entry": []}}),
        ("context.draftOrders", context(*(draft(id=f"d{n}") for n in range(201)))),
    ],
)
def test_what_is_wrong_with_the_orders_is_named(field, given_):
    with pytest.raises(RequestError) as refused:
        read(given_)
    assert refused.value.field == field


def test_an_order_joins_the_medication_list_as_planned():
    listed = page_record(medications=(order(rxnorm("6851"), text="methotrexate"),))
    new = read(context(draft()))
    assert with_orders(listed, new).medications == (*listed.medications, *new)


def test_an_order_the_server_has_already_is_not_there_twice():
    new = read(context(draft()))
    listed = page_record(medications=new)
    assert with_orders(listed, new) is listed


def test_one_order_is_no_medication_list():
    """An empty list says that nothing is known of earlier drugs; one order must not turn that into
    "no IL-6 inhibitor listed".
    """
    empty = page_record()
    assert with_orders(empty, read(context(draft()))).medications == ()


@pytest.mark.parametrize(
    ("orders", "drug"),
    [
        ([order(rxnorm(ADALIMUMAB))], "adalimumab"),
        ([order(rxnorm("351290"), text="Humira 40 mg pen")], "Humira"),
        ([order(rxnorm(ADALIMUMAB)), order(text="Enbrel 50 mg")], ""),
        ([order(text="a TNF inhibitor")], "TNF inhibitor"),
    ],
)
def test_the_drug_is_named_where_one_is_ordered(orders, drug):
    (found,) = ordered_treatments(orders, SPEC)
    assert found.drug == drug
