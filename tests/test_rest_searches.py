"""Searches come from a decision's code lists alone, and miss nothing that a rule could look at."""

from __future__ import annotations

import dataclasses
import re

import pytest

from decision import catalog
from decision.clinical.codes import LOCAL, LOINC, Code, Codelist, CodelistEntry, CodeStatus
from decision.clinical.record import Part
from decision.clinical.spec import DecisionSpec
from fhir.rest.addresses import Home
from fhir.rest.searches import Search, searches
from fhir.units import TESTS
from tests.samples import unpacked

SPECS = tuple(catalog.discover().values())
ADDRESS = 2_000


@pytest.fixture(params=SPECS, ids=lambda s: s.id)
def spec(request) -> DecisionSpec:
    return request.param


def results(spec: DecisionSpec) -> list[Search]:
    return [s for s in searches(spec) if s.part is Part.OBSERVATIONS]


def asked(spec: DecisionSpec) -> set[Code]:
    return {code for search in results(spec) for code in search.codes}


def listed(concept: str, *entries: CodelistEntry) -> Codelist:
    return Codelist(id=concept, version="1", entries=entries, citation="")


def entry(system: str, code: str, display: str = "", **more: bool) -> CodelistEntry:
    named = Code(system=system, code=code, display=display)
    return CodelistEntry(code=named, status=CodeStatus.VERIFIED, **more)


def test_the_searches_are_few_and_each_has_its_own_key_and_words(spec):
    every = searches(spec)
    assert len(every) <= 10
    assert len({s.key for s in every}) == len({s.label for s in every}) == len(every)
    assert all(s.label and len(s.label) < 160 for s in every)


def test_each_kind_of_data_has_searches_of_its_own(spec):
    kinds = {s.kind: s.part for s in searches(spec)}
    assert kinds == {
        "Observation": Part.OBSERVATIONS,
        "Condition": Part.CONDITIONS,
        "MedicationRequest": Part.MEDICATIONS,
        "MedicationStatement": Part.MEDICATIONS,
        "MedicationAdministration": Part.MEDICATIONS,
    }
    assert {s.kind for s in searches(spec) if s.optional} == {
        "MedicationStatement",
        "MedicationAdministration",
    }


def test_every_code_of_a_feature_that_a_result_can_carry_is_asked_for(spec):
    for feature in spec.features:
        for concept in feature.concepts:
            for e in spec.codelists[concept].entries:
                if (e.code.system, e.code.code) in TESTS:
                    assert e.code in asked(spec), concept


def test_every_listed_test_and_every_question_is_asked_for(spec):
    for concept, codelist in spec.codelists.items():
        tests = [e.code for e in codelist.entries if (e.code.system, e.code.code) in TESTS]
        assert set(tests) <= asked(spec), concept
    entries = [f.entry for f in spec.features if f.entry]
    entries += [e for rule in spec.cautions for e in rule.entries]
    for concept in {e.concept for e in entries}:
        assert any(e.code in asked(spec) for e in spec.codelists[concept].entries), concept


def test_no_code_is_asked_for_twice_and_none_that_no_result_is_filed_under(spec):
    every = [code for search in results(spec) for code in search.codes]
    assert len(every) == len(set(every))
    assert not [c for c in every if c.system == LOINC and c.code.startswith("L")]
    assert not [c for c in every if "rxnorm" in c.system or "icd" in c.system]


def test_kinds_of_features_are_not_mixed_so_that_a_failure_stays_with_one(spec):
    for search in results(spec):
        touched = {
            f.modality
            for f in spec.features
            for concept in f.concepts
            for e in spec.codelists[concept].entries
            if e.code in search.codes and e.code.system in (LOCAL, LOINC)
        }
        assert len(touched) <= 1, search.label


def test_an_address_stays_short_however_many_codes_there_are(spec):
    for longest in (300, 1_500):
        made = searches(spec, longest=longest)
        assert {c for s in made for c in s.codes} == asked(spec)
        for search in made:
            address = Home("http://ehr.example/fhir").at(search.kind, search.parameters)
            assert len(address) < longest + 500 <= ADDRESS


def test_the_shown_labels_name_what_is_asked_for(spec):
    first = results(spec)[0]
    assert re.fullmatch(r".+, .+, .+ and \d+ more", first.label)
    assert spec.features  # labels of features, not codes
    assert any(first.label.startswith(f.label) for f in spec.features)


def test_of_several_decisions_everything_that_each_asks_for_is_asked_once():
    together = searches(*SPECS)
    codes = [code for search in together for code in search.codes]
    assert len(codes) == len(set(codes))
    assert set(codes) == set().union(*map(asked, SPECS))
    assert {s.kind for s in together} == {s.kind for spec in SPECS for s in searches(spec)}
    assert len({s.key for s in together}) == len({s.label for s in together}) == len(together)


def test_together_they_cost_fewer_requests_than_one_after_the_other():
    """Diagnoses and drugs are read as a whole, and once; codes that several need, once."""
    assert len(searches(*SPECS)) <= sum(len(searches(spec)) for spec in SPECS) - 4 * (
        len(SPECS) - 1
    )
    assert searches(*SPECS, *SPECS) == searches(*SPECS)


def test_no_decision_asks_for_no_result():
    assert [s.codes for s in searches() if s.codes] == []


def test_what_one_decision_asks_for_does_not_depend_on_who_else_is_served(spec):
    """A hook's service is told to an EHR once; another decision may not change its templates."""
    assert searches(spec) == searches(spec, spec)
    assert {s.key for s in searches(spec)} <= {s.key for s in searches(*SPECS)}


def test_a_decision_that_nobody_has_written_yet_gets_its_searches_too(spec):
    """Nothing of a decision is named in the code: two features and four concepts are enough."""
    feature = dataclasses.replace(spec.features[0], concepts=("lupus_score",), entry=None)
    other = dataclasses.replace(
        spec, features=(feature,), cautions=(), codelists={
            "lupus_score": listed("lupus_score", entry(LOCAL, "sledai", "SLEDAI-2K")),
            "complement": listed("complement", entry(LOINC, "4485-9", "Complement C3 [Mass]")),
            "odd": listed("odd", entry("urn:x", "a,b|c$", "Odd"), entry(LOCAL, "a,b|c$", "Odd")),
            "lupus": listed("lupus", entry("http://snomed.info/sct", "55464009", "Lupus")),
        },
    )  # fmt: skip
    made = [s for s in searches(other) if s.codes]
    assert [[c.code for c in s.codes] for s in made] == [["sledai"], ["4485-9", "a,b|c$"]]
    assert [s.label for s in made] == [feature.label, "Complement C3, Odd"]
    assert dict(made[1].parameters)["code"] == (
        f"{LOINC}|4485-9,{LOCAL}|a\\,b\\|c\\$"  # R4, search: \ escapes what separates
    )


def test_what_a_real_chart_holds_of_the_decision_is_what_is_asked_for(spec, tmp_path):
    """On the sample records: no result that any code list matches is outside the searches."""
    source = unpacked(tmp_path)
    for listing in source.patients():
        record = source.load(listing.patient_id)
        for observation in record.observations:
            for concept, codelist in spec.codelists.items():
                if codelist.matches(observation.codes):
                    assert set(observation.codes) & asked(spec), concept
