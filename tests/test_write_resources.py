"""What goes to the chart: a RiskAssessment and a document, checked before they leave."""

from __future__ import annotations

import base64
import copy
import dataclasses
import hashlib
import uuid
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from decision.clinical.assessment import AuditAction
from decision.clinical.codes import LOCAL
from decision.clinical.gaps import UncheckedCaution
from decision.clinical.record import Gap, GapReason, Origin, Part, Source
from decision.clinical.spec import Presence, Severity
from decision.clinical.writing import ChosenTreatment, Document
from fhir.errors import NotWritableError
from fhir.write.checks import check, check_percentages
from fhir.write.document import LONGEST, document_reference, linked
from fhir.write.figures import instant, percentage
from fhir.write.launched import (
    NAMESPACE,
    assessment_key,
    decision_key,
    identifier,
    pointer,
    token,
)
from fhir.write.risk_assessment import risk_assessment, used
from tests.builders import AS_OF
from tests.fakes import (
    ABSENT_RULE,
    STOP_RULE,
    NamingPredictor,
    finding,
    make_rule,
    page_spec,
)
from tests.writing import DOCUMENT, USER, Json, case, launched, references

SUBJECT = "Patient/p1"
_SILENT = Presence.NOT_FOUND
DECIDED = ChosenTreatment(
    action=AuditAction.OVERRODE, chosen="b", reason="patient-preference", audit_id="entry-2"
)


def assessment(**changes: object) -> Json:
    found = case(**changes)  # type: ignore[arg-type]
    return risk_assessment(found.record, found.card, launched())


def document(content: bytes = b"<html/>", **launch: object) -> Json:
    file = dataclasses.replace(DOCUMENT, content=content)
    return document_reference(case().card, DECIDED, file, launched(**launch), AS_OF)


def test_both_resources_pass_the_checks_they_are_sent_through():
    found = case()
    made = risk_assessment(found.record, found.card, launched())
    check(made, SUBJECT)
    check_percentages(made, found.card)
    related = pointer("RiskAssessment", "k", "RiskAssessment/1")
    replaced = pointer("DocumentReference", "k", "")
    check(linked(document(), assessment=related, earlier=replaced), SUBJECT)


def test_the_namespace_is_the_one_its_note_names():
    assert uuid.uuid5(uuid.NAMESPACE_URL, "urn:treatment-response:write-back") == NAMESPACE


def test_identifiers_are_what_they_have_always_been():
    """Golden: another value would write every open decision a second time."""
    found = case()
    card = dataclasses.replace(found.card, input_hash="0" * 64)
    assert assessment_key(card, launched()) == "da207be9-94e6-5435-a594-ea9f08b931ba"
    assert (
        decision_key("DocumentReference", "entry-2", launched())
        == "304d8db9-0da0-53d8-a88b-e2d03ec5e3fc"
    )
    assert identifier("k") == {"system": "urn:ietf:rfc:3986", "value": "urn:uuid:k"}
    assert token("k") == "urn:ietf:rfc:3986|urn:uuid:k"


def test_an_identifier_follows_server_patient_rules_model_and_inputs_and_nothing_else():
    card = case().card
    key = assessment_key(card, launched())
    others = (
        assessment_key(card, launched(base="http://elsewhere/fhir")),
        assessment_key(card, launched("p2")),
        assessment_key(dataclasses.replace(card, input_hash="1" * 64), launched()),
        assessment_key(
            dataclasses.replace(card, model=dataclasses.replace(card.model, checksum="ff")),
            launched(),
        ),
        assessment_key(
            dataclasses.replace(card, spec=dataclasses.replace(card.spec, version="2")), launched()
        ),
    )
    assert len({key, *others}) == 6
    same = launched(encounter="e2", agent="ward: Practitioner/8", fhir_user="Practitioner/8")
    assert assessment_key(dataclasses.replace(card, audit_id="x"), same) == key


def test_it_says_whose_when_by_whom_and_that_it_is_final():
    made = assessment()
    assert made["status"] == "final"
    assert made["subject"] == {"reference": SUBJECT}
    assert made["encounter"] == {"reference": "Encounter/e1"}
    assert made["performer"] == {"reference": USER}
    assert made["occurrenceDateTime"] == "2026-11-02T09:00:00+00:00"


def test_without_an_encounter_there_is_none():
    found = case()
    made = risk_assessment(found.record, found.card, launched(encounter=""))
    assert "encounter" not in made
    assert "context" not in document(encounter="")


def test_each_treatment_has_its_estimate_in_percent_with_outcome_horizon_and_range():
    made = assessment()
    il6, tnf = made["prediction"]
    assert il6["outcome"]["text"].endswith("by week 24 with an IL-6 inhibitor")
    assert tnf["outcome"]["text"].endswith("by week 24 with a TNF inhibitor")
    assert (il6["probabilityDecimal"], tnf["probabilityDecimal"]) == (52, 48)
    assert il6["whenPeriod"] == {
        "start": "2026-11-02T09:00:00+00:00",
        "end": "2027-04-19T09:00:00+00:00",
    }
    assert "likely range 37 to 67 of 100 (90 %)" in il6["rationale"]
    assert "Research use" in il6["rationale"]


@given(st.floats(min_value=0, max_value=1))
def test_a_percentage_is_the_number_on_the_page_and_never_says_never_or_always(probability):
    written = percentage(probability)
    assert 0 < written < 100
    assert abs(written - 100 * probability) <= 0.5
    if 0.005 <= probability < 0.995:
        assert isinstance(written, int)


def test_a_simulated_model_says_so_in_words_and_in_codes():
    made = assessment()
    code = {"system": LOCAL, "code": "simulated-model", "display": "SIMULATED model"}
    assert made["meta"]["tag"] == [code]
    assert made["method"]["coding"] == [code]
    texts = [made["method"]["text"], made["note"][0]["text"]]
    texts += [p["rationale"] for p in made["prediction"]]
    assert all("SIMULATED model" in words for words in texts)
    assert "(simulated model)" in document()["description"]


def test_a_model_of_patients_is_not_called_simulated():
    found = case()
    card = dataclasses.replace(
        found.card, model=dataclasses.replace(found.card.model, simulated=False)
    )
    made = risk_assessment(found.record, card, launched())
    check(made, SUBJECT)
    assert "SIMULATED" not in str(made).upper().replace("SIMULATED-MODEL", "")
    assert "coding" not in made["method"]


def test_the_method_names_model_version_checksum_and_rules():
    model = case().card.model
    words = assessment()["method"]["text"]
    assert words.startswith(f"{model.id} {model.version} ({model.checksum[:12]}), rules 1")


def test_the_basis_is_every_resource_used_and_no_entry_of_the_clinician():
    found = case()
    own = Source(reference="entered/crp-local", origin=Origin.CLINICIAN)
    fake = Source(reference="Observation/9", origin=Origin.CLINICIAN)
    odd = Source(reference="Observation at entry 3")
    person = Source(reference="Patient")
    (name, crp), *_ = [(i, f) for i, f in found.card.features.findings if i == "crp"]
    evidence = dataclasses.replace(crp.evidence, sources=(own, fake, odd, person, own))
    entered = dataclasses.replace(crp, evidence=evidence)
    findings = tuple((i, entered if i == name else f) for i, f in found.card.features.findings)
    caution = dataclasses.replace(
        found.card.cautions[0], evidence=("Condition/c1", "entered/tb", "Patient/somebody-else")
    )
    card = dataclasses.replace(
        found.card,
        features=dataclasses.replace(found.card.features, findings=findings),
        cautions=(caution,),
    )
    assert used(card, launched()) == ("Observation/1", SUBJECT, "Condition/c1")
    check(risk_assessment(found.record, card, launched()), SUBJECT)


def test_the_note_has_the_difference_and_why_no_class_is_named():
    words = assessment()["note"][0]["text"]
    assert "Difference, IL-6 inhibitor minus TNF inhibitor: +4 of 100" in words
    assert "(likely range -16 to +24, 90 %)" in words
    assert "No drug class is named: " in words
    assert "the range of the difference includes zero" in words
    assert "Missing: Methotrexate." in words


def test_the_note_names_the_class_that_the_page_named():
    words = assessment(predictor=NamingPredictor())["note"][0]["text"]
    assert "The estimates favour an IL-6 inhibitor." in words


def test_beside_a_stop_the_note_says_the_stop_and_not_which_estimate_is_larger():
    words = assessment(spec=page_spec(stop=True))["note"][0]["text"]
    assert words.startswith("STOP for an IL-6 inhibitor: Low neutrophils: 1.4 ×10⁹/L on 30 Oct")
    assert "Difference" not in words
    assert "Not found in the record, which does not mean absent: Tuberculosis." in words


def test_beside_a_stop_the_estimate_begins_with_it_and_the_other_one_does_not():
    """One prediction may be copied without the other and without the note."""
    il6, tnf = assessment(spec=page_spec(stop=True))["prediction"]
    stop = "STOP for an IL-6 inhibitor: Low neutrophils: 1.4 ×10⁹/L on 30 Oct 2026."
    assert il6["rationale"].startswith(f"{stop} The estimate takes no account of it. 52 of 100")
    assert "STOP" not in tnf["rationale"]
    assert tnf["rationale"].startswith("48 of 100 simulated patients")


def test_warnings_come_by_severity_with_value_and_date_and_then_what_is_open():
    severities = (Severity.CAUTION, Severity.AVOID, Severity.STOP)
    rules = [make_rule(s.name, f"Title {s.name}", s, s) for s in severities]
    told = [
        dataclasses.replace(finding(r, Presence.PRESENT), detail=f"Value {r.id} on 2026-11-18")
        for r in rules
    ]
    gap = Gap(
        part=Part.CONDITIONS, reason=GapReason.FAILED, label="Conditions", detail="d", remedy="r"
    )
    silent = finding(make_rule("T", "Tuberculosis", Severity.AVOID, Severity.NONE), _SILENT)
    fields = {f.name: getattr(silent, f.name) for f in dataclasses.fields(silent)}
    unread = UncheckedCaution(**{**fields, "rule": STOP_RULE, "gaps": (gap,)})
    unasked = dataclasses.replace(silent, rule=ABSENT_RULE, arises=False)
    found = (*told, silent, unread, unasked)
    spec = page_spec(find_cautions=lambda record, spec: found)
    made = assessment(spec=spec)
    words = made["note"][0]["text"]
    marks = [
        "STOP for an IL-6 inhibitor and a TNF inhibitor: Value STOP on 18 Nov 2026.",
        "AVOID for an IL-6 inhibitor and a TNF inhibitor: Value AVOID on 18 Nov 2026.",
        "CAUTION for an IL-6 inhibitor and a TNF inhibitor: Value CAUTION on 18 Nov",
        "Not found in the record, which does not mean absent: Tuberculosis.",
        "Not checked, because part of the record could not be read: Low neutrophils.",
    ]
    places = [words.index(mark) for mark in marks]
    assert places == sorted(places)
    assert places[0] == 0
    assert ABSENT_RULE.title not in words
    first = made["prediction"][0]["rationale"]
    assert first.index("STOP for") < first.index("AVOID for") < first.index("CAUTION for")
    check(made, SUBJECT)


def test_an_avoid_is_named_and_what_only_informs_is_not():
    avoid = make_rule("U", "Heart failure", Severity.AVOID, Severity.NONE)
    informs = make_rule("I", "Vaccines", Severity.INFORMATION, Severity.INFORMATION)
    present = (finding(avoid, Presence.PRESENT), finding(informs, Presence.PRESENT))
    spec = page_spec(find_cautions=lambda record, spec: present, cautions=(avoid, informs))
    words = assessment(spec=spec)["note"][0]["text"]
    assert "AVOID for a TNF inhibitor: Heart failure: 1.4 ×10⁹/L on 30 Oct 2026." in words
    assert "Vaccines" not in words


def test_what_could_not_be_read_is_named_with_its_reason():
    gap = Gap(
        part=Part.MEDICATIONS,
        reason=GapReason.NOT_PERMITTED,
        label="Medication",
        detail="d",
        remedy="r",
    )
    words = assessment(gaps=(gap,))["note"][0]["text"]
    assert "Not to be had from the record: Medication (not permitted)." in words


def test_a_document_carries_its_bytes_with_size_and_digest():
    content = "Récord — 1".encode()
    attachment = document(content)["content"][0]["attachment"]
    assert base64.b64decode(attachment["data"]) == content
    assert attachment["size"] == len(content)
    digest = hashlib.sha1(content, usedforsecurity=False).digest()
    assert base64.b64decode(attachment["hash"]) == digest
    assert attachment["contentType"] == "text/html"
    assert attachment["title"] == "Record"


def test_a_document_says_the_decision_its_author_and_its_type():
    made = document()
    assert made["status"] == "current"
    assert made["author"] == [{"reference": USER}]
    assert made["type"]["coding"][0]["code"] == "decision-record"
    assert made["description"] == (
        "Chosen: IL-6 inhibitor. Decision support, TNF or IL-6 inhibitor (simulated model)."
    )
    assert made["context"]["encounter"] == [{"reference": "Encounter/e1"}]


def test_a_description_says_what_the_choice_goes_against_and_any_other_choice_in_words():
    file = DOCUMENT
    stopped = case(spec=page_spec(stop=True)).card
    made = document_reference(stopped, DECIDED, file, launched(), AS_OF)
    assert made["description"].startswith("Chosen: IL-6 inhibitor, against STOP. Decision")
    later = dataclasses.replace(DECIDED, chosen="continue")
    made = document_reference(stopped, later, file, launched(), AS_OF)
    assert made["description"].startswith("Chosen: Continue the present drug. Decision")


def test_a_decision_that_names_nothing_makes_no_document():
    nothing = dataclasses.replace(DECIDED, chosen="")
    with pytest.raises(NotWritableError, match="names no drug"):
        document_reference(case().card, nothing, DOCUMENT, launched(), AS_OF)


def test_a_document_too_large_for_proxies_is_refused():
    assert len(document(b"x" * (LONGEST // 4 * 3))["content"][0]["attachment"]["data"]) <= LONGEST
    with pytest.raises(NotWritableError, match="larger than 1 MB"):
        document(b"x" * (LONGEST // 4 * 3 + 1))


def test_links_are_added_without_changing_the_kept_document():
    kept = document()
    before = copy.deepcopy(kept)
    sent = linked(
        kept,
        assessment=pointer("RiskAssessment", "k1", "RiskAssessment/5"),
        earlier=pointer("DocumentReference", "k2", "DocumentReference/6"),
    )
    assert kept == before
    assert {"RiskAssessment/5", "DocumentReference/6"} <= references(sent)
    assert sent["relatesTo"][0]["code"] == "replaces"
    assert sent["context"]["encounter"] == kept["context"]["encounter"]
    assert linked(kept, assessment=None, earlier=None) == before


@given(st.datetimes(), st.integers(min_value=-14 * 60, max_value=14 * 60))
def test_a_time_goes_out_with_its_zone_and_means_the_same_instant(when, minutes):
    zoned = when.replace(microsecond=0, tzinfo=timezone(timedelta(minutes=minutes)))
    assert datetime.fromisoformat(instant(zoned)) == zoned


def test_a_time_without_a_zone_goes_nowhere():
    with pytest.raises(ValueError, match="zone"):
        instant(datetime(2026, 1, 1))


def _set(resource: Json, path: str, value: object) -> Json:
    changed = copy.deepcopy(resource)
    *parents, last = path.split("/")
    node = changed
    for name in parents:
        node = node[int(name)] if isinstance(node, list) else node[name]
    node[last] = value
    return changed


BROKEN = {
    "another patient": ("subject", {"reference": "Patient/p2"}),
    "an absolute reference": ("performer", {"reference": "https://ehr.test/Practitioner/7"}),
    "a contained reference": ("performer", {"reference": "#me"}),
    "another patient in the basis": ("basis", [{"reference": "Patient/p2"}]),
    "a status of no value set": ("status", "bogus"),
    "a share above 100": ("prediction/0/probabilityDecimal", 161),
    "a share below 0": ("prediction/0/probabilityDecimal", -1),
    "a share that is no number": ("prediction/0/probabilityDecimal", float("nan")),
    "a share in words": ("prediction/0/probabilityDecimal", "52"),
    "a time without zone": ("occurrenceDateTime", "2026-11-02T09:00:00"),
    "a day": ("occurrenceDateTime", "2026-11-02"),
    "a thirteenth month": ("occurrenceDateTime", "2026-13-02T09:00:00Z"),
    "a null": ("encounter", None),
    "an empty text": ("method/text", " "),
    "an empty list": ("basis", []),
    "an empty object": ("encounter", {}),
    "an empty item": ("basis", [{}]),
    "an element that R4 has not": ("severity", "high"),
    "two forms of a share": ("prediction/0/probabilityRange", {"low": {"value": 1}}),
}


@pytest.mark.parametrize("fault", BROKEN)
def test_a_resource_does_not_leave_with(fault):
    path, value = BROKEN[fault]
    broken = _set(assessment(), path, value)
    with pytest.raises(NotWritableError) as told:
        check(broken, SUBJECT)
    assert "p2" not in str(told.value)
    assert told.value.__cause__ is None


def test_a_resource_about_nobody_does_not_leave():
    made = assessment()
    del made["subject"]
    with pytest.raises(NotWritableError, match="about the patient of this launch"):
        check(made, SUBJECT)


def test_only_the_three_kinds_leave():
    with pytest.raises(NotWritableError, match="no kind that is ever written"):
        check({"resourceType": "Flag", "subject": {"reference": SUBJECT}}, SUBJECT)


def test_probabilities_in_place_of_percentages_do_not_leave():
    """0.52 is a valid percentage, so only a comparison with the card can tell."""
    found = case()
    made = risk_assessment(found.record, found.card, launched())
    for prediction in made["prediction"]:
        prediction["probabilityDecimal"] /= 100
    check(made, SUBJECT)
    with pytest.raises(NotWritableError, match="not what was shown"):
        check_percentages(made, found.card)


def test_estimates_that_changed_places_do_not_leave():
    found = case(predictor=NamingPredictor())
    made = risk_assessment(found.record, found.card, launched())
    made["prediction"].reverse()
    with pytest.raises(NotWritableError, match="not what was shown"):
        check_percentages(made, found.card)


def test_a_document_with_a_wrong_status_or_link_does_not_leave():
    with pytest.raises(NotWritableError, match="status"):
        check({**document(), "status": "final"}, SUBJECT)
    target = pointer("DocumentReference", "k", "")
    sent = {**document(), "relatesTo": [{"code": "overwrites", "target": target}]}
    with pytest.raises(NotWritableError, match=r"relatesTo\.code"):
        check(sent, SUBJECT)


def test_the_files_repr_holds_no_content():
    assert "secret" not in repr(Document(title="t", content_type="c", content=b"secret"))
    assert STOP_RULE.title not in repr(launched())
    assert "p1" not in repr(launched())
