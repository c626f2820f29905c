"""Scopes: the fewest are asked for, and what comes back is read strictly."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhir.smart.scopes import Scopes, narrowed, parse_scopes, scopes_to_ask
from fhir.smart.tenant import ExpressionDocument, ScopeVersion, WriteBack
from tests.smart_world import KINDS, tenant


def asked(standalone=False, kinds=KINDS, **changes) -> list[str]:
    return scopes_to_ask(
        tenant(**{"write_back": WriteBack(), **changes}), kinds, standalone=standalone
    ).split()


# Asking


def test_only_what_the_decision_reads_is_asked_for():
    assert asked(kinds=("Observation",)) == [
        *("launch", "openid", "fhirUser", "online_access"),
        *("patient/Patient.r", "patient/Observation.rs"),
    ]


def test_what_an_ehr_does_not_offer_is_not_asked_of_it():
    assert "patient/MedicationAdministration.rs" not in asked()
    offered = asked(also_read=("MedicationAdministration", "MedicationStatement"))
    assert "patient/MedicationAdministration.rs" in offered
    assert "patient/MedicationStatement.rs" not in offered  # the decision reads none


def test_what_a_prescription_points_at_may_be_read_by_its_reference_only():
    assert "patient/Medication.r" in asked(kinds=("MedicationRequest",))
    assert not [s for s in asked(kinds=("Observation",)) if "Medication" in s]


def test_expression_files_are_asked_for_where_they_are_configured():
    assert not [s for s in asked() if "Document" in s or "Binary" in s]
    scopes = asked(expression=ExpressionDocument(system="s", code="c"))
    assert scopes[-2:] == ["patient/DocumentReference.rs", "patient/Binary.r"]


def test_nothing_is_written_unless_the_ehr_opted_in():
    assert not [s for s in asked() if set("cud") & set(s.partition(".")[2])]
    every = WriteBack(risk_assessment=True, document=True, audit_event=True)
    writing = ["patient/RiskAssessment.c", "patient/DocumentReference.c", "patient/AuditEvent.c"]
    assert asked(write_back=every)[-3:] == writing


def test_reading_and_writing_documents_is_one_scope_in_the_order_of_the_letters():
    scopes = asked(
        write_back=WriteBack(document=True), expression=ExpressionDocument(system="s", code="c")
    )
    assert "patient/DocumentReference.crs" in scopes
    assert len([s for s in scopes if "DocumentReference" in s]) == 1


def test_what_was_written_may_be_looked_for_where_the_ehr_lets_us():
    measured = asked(write_back=WriteBack(observation=True))
    assert "patient/Observation.crs" in measured
    scopes = asked(write_back=WriteBack(risk_assessment=True, document=True, search=True))
    assert scopes[-2:] == ["patient/RiskAssessment.cs", "patient/DocumentReference.cs"]
    both = asked(
        write_back=WriteBack(document=True, search=True),
        expression=ExpressionDocument(system="s", code="c"),
    )
    assert "patient/DocumentReference.crs" in both
    assert told("", " ".join(scopes[-2:])) == [
        "The chart did not permit writing the estimate back to it.",
        "The chart did not permit writing the record of what was shown back to it.",
    ]


def test_an_older_server_is_asked_in_its_own_spelling():
    scopes = asked(
        scope_version=ScopeVersion.V1,
        write_back=WriteBack(document=True),
        expression=ExpressionDocument(system="s", code="c"),
    )
    assert scopes[4:] == [
        *("patient/Patient.read", "patient/Condition.read", "patient/MedicationRequest.read"),
        *("patient/Observation.read", "patient/Medication.read", "patient/DocumentReference.read"),
        *("patient/DocumentReference.write", "patient/Binary.read"),
    ]


def test_a_standalone_launch_asks_for_a_patient_and_its_own_kind_of_refresh():
    scopes = asked(standalone=True)
    assert scopes[0] == "launch/patient"
    assert "offline_access" in scopes
    assert "online_access" not in scopes


def test_no_refresh_is_asked_for_where_a_launch_may_not_outlive_its_token():
    assert not [s for s in asked(refresh=False) if "access" in s]


def test_extra_scopes_come_last():
    assert asked(extra_scopes=("launch/encounter",))[-1] == "launch/encounter"


# Reading what was granted


@pytest.mark.parametrize(
    ("text", "kind", "letters"),
    [
        ("patient/Observation.rs", "Observation", "rs"),
        ("patient/Observation.cruds", "Observation", "cruds"),
        ("patient/Observation.read", "Observation", "rs"),
        ("patient/Observation.write", "Observation", "cud"),
        ("patient/Observation.*", "Observation", "cruds"),
        ("patient/*.rs", "Observation", "rs"),
        ("patient/*.read patient/Observation.c", "Observation", "crs"),
        ("patient/Observation.r patient/Observation.s", "Observation", "rs"),
        ("patient/Observation.rs?category=laboratory", "Observation", "rs"),
        # Granted to the user or to a machine, not for this patient.
        ("user/Observation.rs", "Observation", ""),
        ("system/*.cruds", "Observation", ""),
        # Not understood, so not granted.
        ("patient/Observation.sr", "Observation", ""),
        ("patient/Observation.rr", "Observation", ""),
        ("patient/Observation.reads", "Observation", ""),
        ("patient/Observation.", "Observation", ""),
        ("patient/Observation", "Observation", ""),
        ("patient/observation.rs", "Observation", ""),
        ("patient/Observation.rs?", "Observation", ""),
        ("patient/Obs*.rs", "Observation", ""),
        ("Patient/Observation.rs", "Observation", ""),
        ("xpatient/Observation.rs", "Observation", ""),
        ("patient/ObservationDefinition.rs", "Observation", ""),
        ("", "Observation", ""),
    ],
)
def test_a_granted_scope_means_exactly_what_it_says(text, kind, letters):
    found = parse_scopes(text)
    assert "".join(c for c in "cruds" if found.may(kind, c)) == letters


@pytest.mark.parametrize("interaction", ["", "rs", "x", "*"])
def test_an_interaction_is_one_letter(interaction):
    assert not parse_scopes("patient/*.cruds").may("Observation", interaction)


def test_a_scope_with_a_query_is_a_part_unless_the_whole_is_granted_too():
    part = "patient/Observation.rs?category=vital-signs"
    assert parse_scopes(part).restricted == {"Observation"}
    assert parse_scopes(f"{part} patient/Observation.rs").restricted == frozenset()
    assert parse_scopes(f"{part} patient/Observation.r").restricted == {"Observation"}
    assert parse_scopes(f"{part} patient/*.rs").restricted == frozenset()
    assert parse_scopes("patient/*.rs?x=y").restricted == {"*"}


@pytest.mark.parametrize(
    ("grant", "partly"),
    [
        ("patient/Condition.rs", False),
        ("patient/Condition.rs?category=x", True),
        ("patient/Condition.rs?category=x patient/Condition.rs", False),
        ("patient/Condition.s?category=x patient/Condition.r", True),
        ("patient/Condition.c?category=x patient/Condition.rs", False),
        ("patient/*.rs?x=y", True),
        ("patient/*.rs?x=y patient/Condition.rs", False),
        ("patient/*.rs?x=y patient/Condition.r", True),
        ("patient/Condition.read?category=x", True),
        ("patient/Observation.rs?category=x patient/Condition.rs", False),
        ("", False),
    ],
)
def test_a_type_is_read_in_part_where_no_scope_covers_all_of_it(grant, partly):
    asked_for = parse_scopes("patient/Condition.rs patient/Observation.rs")
    found = parse_scopes(grant)
    assert found.partly("Condition") is partly
    assert found.within(asked_for).partly("Condition") is partly


def test_what_was_a_part_stays_one_after_a_refresh():
    part = parse_scopes("patient/Condition.rs?category=x")
    assert parse_scopes("patient/Condition.rs").within(part).partly("Condition")


def test_other_words_are_kept_and_data_scopes_are_not_among_them():
    assert parse_scopes("openid  launch/patient user/X.rs\tfhirUser").other == {
        *("openid", "launch/patient", "fhirUser"),
    }


WORDS = st.sampled_from(
    [
        f"{who}/{kind}.{letters}"
        for who, kind, letters in itertools.product(
            ("patient", "user"),
            ("Patient", "Observation", "*"),
            ("r", "s", "rs", "cud", "read", "write", "*", "cruds", "sr"),
        )
    ]
)


@given(st.lists(WORDS), st.lists(WORDS))
def test_nothing_is_permitted_that_was_not_both_asked_and_granted(ask, grant):
    # Least privilege must hold whatever a server answers.
    wanted, given_ = parse_scopes(" ".join(ask)), parse_scopes(" ".join(grant))
    both = given_.within(wanted)
    for kind, letter in itertools.product(("Patient", "Observation"), "cruds"):
        if both.may(kind, letter):
            assert wanted.may(kind, letter)
            assert given_.may(kind, letter)


@given(st.lists(WORDS), st.lists(WORDS))
def test_scopes_only_shrink(first, second):
    # A refresh may take away; were it able to add, a stolen answer could widen a launch.
    before, after = parse_scopes(" ".join(first)), parse_scopes(" ".join(second))
    shrunk = after.within(before)
    assert shrunk.within(before) == shrunk
    for kind, letter in itertools.product(("Patient", "Observation"), "cruds"):
        assert before.may(kind, letter) or not shrunk.may(kind, letter)


@given(st.text(max_size=80))
def test_no_text_breaks_the_reading_of_scopes(text):
    # The text comes from a server; what is not understood grants nothing.
    assert not parse_scopes(text).may("Observation", "x")


# What a clinician is told


def told(grant: str, ask: str = "patient/Observation.rs patient/RiskAssessment.c") -> list[str]:
    wanted = parse_scopes(ask)
    return list(narrowed(wanted, parse_scopes(grant).within(wanted)))


def test_a_whole_grant_is_not_spoken_of():
    assert told("patient/Observation.rs patient/RiskAssessment.c") == []
    assert told("patient/*.cruds") == []


def test_each_thing_withheld_is_said_once_and_in_words():
    assert told("patient/Observation.rs") == [
        "The chart did not permit writing the estimate back to it."
    ]
    assert told("patient/Observation.r patient/RiskAssessment.c") == [
        "The chart did not permit reading laboratory results and scores; they are missing here."
    ]


def test_no_scope_is_ever_shown_to_a_clinician():
    wanted = parse_scopes(" ".join(asked(also_read=("MedicationAdministration",))))
    words = " ".join(narrowed(wanted, Scopes()))
    assert words.count("did not permit") == 4
    assert "patient/" not in words
    assert "Observation" not in words
