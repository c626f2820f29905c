"""What passes for an id or a reference: the same everywhere, and never a way out of a path."""

from __future__ import annotations

from urllib.parse import urljoin

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhir.errors import NotWritableError
from fhir.hooks.calls import read_call
from fhir.hooks.errors import RequestError
from fhir.ids import is_id, is_kind, kind_of
from fhir.references import entry_of
from fhir.rest.addresses import Home
from fhir.smart.context import read_context
from fhir.smart.id_token import _fhir_user
from fhir.smart.refusals import LaunchError, Reason
from fhir.write.checks import check
from tests.smart_world import ISSUER, NOW, tenant

WAYS_UP = [".", "..", "..."]
IDS = st.text("ABCxyz019.-", min_size=1, max_size=64)


@pytest.mark.parametrize("identity", ["1", "a.b", "..a", "a..", "-", "A" * 64, ".-."])
def test_an_id_of_r4_is_one(identity):
    assert is_id(identity)
    assert kind_of(f"Observation/{identity}") == "Observation"


@pytest.mark.parametrize("identity", [*WAYS_UP, "", "a b", "a/b", "a_b", "A" * 65, "ä", "1\n"])
def test_what_is_none_is_refused(identity):
    assert not is_id(identity)
    assert kind_of(f"Observation/{identity}") == ""


@given(IDS)
def test_what_passes_for_an_id_stays_where_it_is_put(identity):
    # a browser, a proxy and our own client all resolve dots before they ask
    if is_id(identity):
        base = "https://ehr.test/fhir/Patient/"
        assert urljoin(base, identity) == base + identity


@pytest.mark.parametrize("kind", ["Patient", "MedicationAdministration"])
def test_a_resource_type_is_letters_after_a_capital(kind):
    assert is_kind(kind)
    assert not is_kind(kind.lower())
    assert not is_kind(f"{kind}/1")
    assert kind_of(kind) == ""


@pytest.mark.parametrize("identity", WAYS_UP)
@pytest.mark.parametrize("field", ["patient", "encounter"])
def test_no_launch_context_leads_out_of_the_server(field, identity):
    with pytest.raises(LaunchError) as caught:
        read_context({"patient": "1", field: identity})
    assert caught.value.reason is Reason.ANSWER_UNUSABLE


@pytest.mark.parametrize("identity", WAYS_UP)
def test_no_item_of_a_launch_context_does(identity):
    item = {"reference": f"Observation/{identity}"}
    assert read_context({"patient": "1", "fhirContext": [item]}).fhir_context == ()


@pytest.mark.parametrize("identity", WAYS_UP)
def test_no_user_of_an_identity_token_does(identity):
    for user in (f"Practitioner/{identity}", f"{ISSUER}/Practitioner/{identity}"):
        with pytest.raises(LaunchError):
            _fhir_user(user, tenant())


@pytest.mark.parametrize("identity", WAYS_UP)
@pytest.mark.parametrize("field", ["patientId", "encounterId", "userId"])
def test_no_hook_call_does(field, identity):
    context = {"patientId": "1", "encounterId": "2", "userId": "Practitioner/3"}
    context[field] = f"Practitioner/{identity}" if field == "userId" else identity
    instance = "00000000-0000-4000-8000-000000000000"
    body = {"hook": "patient-view", "hookInstance": instance, "context": context}
    with pytest.raises(RequestError) as caught:
        read_call(body, "some-service", tenant(), NOW)
    assert caught.value.field == f"context.{field}"


@pytest.mark.parametrize("identity", WAYS_UP)
def test_no_address_is_made_of_it(identity):
    home = Home(ISSUER)
    assert home.place({"resourceType": "Patient", "id": identity}) == ""
    assert home.place({"resourceType": "Patient", "id": "1"}) == f"{ISSUER}/Patient/1"


@pytest.mark.parametrize("identity", WAYS_UP)
def test_an_entry_of_a_bundle_is_then_named_by_its_place(identity):
    entry = entry_of(3, {"resource": {"resourceType": "Observation", "id": identity}})
    assert entry.reference == "Observation at entry 3"


@pytest.mark.parametrize("identity", WAYS_UP)
def test_nothing_that_is_written_points_at_it(identity):
    named = {"resourceType": "RiskAssessment", "basis": [{"reference": f"Observation/{identity}"}]}
    with pytest.raises(NotWritableError, match=r"basis\.reference"):
        check(named, "Patient/1")
