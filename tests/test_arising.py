"""Which decisions a page offers for a record: what the record says of whom each is for."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from decision import catalog
from decision.arising import arising, population_of
from decision.clinical.record import Condition, ConditionState, Identity, PatientRecord, Source
from decision.clinical.spec import CriterionResult, DecisionSpec, Eligibility
from fhir.bundles import FolderSource
from settings import DEMO_PATIENTS
from tests.builders import AS_OF, make_record, make_spec

MET, NOT_MET, UNKNOWN = Eligibility.MET, Eligibility.NOT_MET, Eligibility.UNKNOWN
RECORD = make_record()


def criterion(name: str, state: Eligibility, *, population: bool = True) -> CriterionResult:
    return CriterionResult(id=name, state=state, detail="", population=population)


def decision(name: str, *criteria: CriterionResult) -> DecisionSpec:
    return dataclasses.replace(make_spec(criteria=criteria), id=name)


def of_state(name: str, state: Eligibility) -> DecisionSpec:
    return decision(name, criterion("whom", state))


@pytest.mark.parametrize(
    ("states", "offered"),
    [
        ((MET, NOT_MET), "a"),
        ((UNKNOWN, MET), "b"),
        ((MET, MET), "ab"),
        ((UNKNOWN, NOT_MET), "a"),
        ((UNKNOWN, UNKNOWN), "ab"),
        ((NOT_MET, NOT_MET), "ab"),
        ((UNKNOWN, MET, MET), "bc"),
    ],
)
def test_what_is_surely_for_the_person_comes_before_what_may_be_and_that_before_the_rest(
    states, offered
):
    specs = [of_state(name, state) for name, state in zip("abc", states, strict=False)]
    assert arising(specs, RECORD) == tuple(offered)


@pytest.mark.parametrize(
    ("states", "wanted", "offered"),
    [
        ((UNKNOWN, MET), "a", "ab"),
        ((UNKNOWN, MET, UNKNOWN), "c", "bc"),
        ((NOT_MET, MET), "a", "b"),
        ((MET, MET), "a", "ab"),
        ((UNKNOWN, NOT_MET), "b", "a"),
        ((NOT_MET, NOT_MET), "b", "ab"),
        ((UNKNOWN, UNKNOWN), "a", "ab"),
        ((UNKNOWN, MET), "nobody", "b"),
        ((UNKNOWN, MET), "", "b"),
    ],
)
def test_what_a_card_was_about_is_offered_unless_it_is_ruled_out(states, wanted, offered):
    """Its link would else end at another decision, without a word of the one that spoke."""
    specs = [of_state(name, state) for name, state in zip("abc", states, strict=False)]
    assert arising(specs, RECORD, wanted) == tuple(offered)


states = st.lists(st.sampled_from(Eligibility), min_size=1, max_size=5)


@given(states)
def test_something_is_always_offered_in_the_order_given_and_no_unlike_ones_together(found):
    """A page without a decision could not even say whom there is nothing for."""
    specs = [of_state(str(n), state) for n, state in enumerate(found)]
    offered = arising(specs, RECORD)
    assert offered
    assert list(offered) == [s.id for s in specs if s.id in offered]
    assert len({found[int(name)] for name in offered}) == 1


@given(states, st.sampled_from(Eligibility))
def test_what_bounds_the_estimate_alone_changes_nothing(found, state):
    """A criterion that is not about whom the decision is for may not hide the decision."""
    plain = [of_state(str(n), each) for n, each in enumerate(found)]
    bound = criterion("bound", state, population=False)
    more = [decision(str(n), criterion("whom", each), bound) for n, each in enumerate(found)]
    assert arising(plain, RECORD) == arising(more, RECORD)


def test_one_criterion_not_met_settles_it_whatever_is_unknown():
    out = decision("a", criterion("x", UNKNOWN), criterion("y", NOT_MET), criterion("z", MET))
    assert arising([out, of_state("b", UNKNOWN)], RECORD) == ("b",)


def test_of_those_ruled_out_the_nearest_is_shown_first():
    two = decision("two", criterion("x", NOT_MET), criterion("y", NOT_MET))
    open_ = decision("open", criterion("x", NOT_MET), criterion("y", UNKNOWN))
    one = decision("one", criterion("x", NOT_MET), criterion("y", MET))
    assert arising([two, open_, one], RECORD) == ("one", "open", "two")


def test_no_decision_gives_none():
    assert arising([], RECORD) == ()


def test_a_criterion_by_which_a_stranger_is_ruled_out_counts_where_it_is_open_too():
    """Specifications may mark a criterion as one of population only where it is not met."""

    def whom(record: PatientRecord, spec: DecisionSpec) -> tuple[CriterionResult, ...]:
        if not record.conditions:
            return (criterion("whom", UNKNOWN, population=False),)
        return (criterion("whom", NOT_MET),)

    marked = dataclasses.replace(make_spec(), id="a", eligibility=whom)
    assert population_of(marked) == {"whom"}
    assert arising([marked, of_state("b", MET)], RECORD) == ("b",)
    assert arising([marked, of_state("b", NOT_MET)], RECORD) == ("a",)


RA = catalog.load("ra_biologic_response")


def with_problem(text: str, state: ConditionState = ConditionState.ACTIVE) -> PatientRecord:
    (held,) = {e.code for e in RA.codelists["rheumatoid_arthritis"].entries[:1]}
    condition = Condition(
        codes=(held,) if text == "own" else (),
        state=state,
        onset=None,
        source=Source(reference="Condition/1"),
        text=text,
    )
    return PatientRecord(
        patient_id="p",
        identity=Identity(name="", birth_date=None, sex=""),
        as_of=AS_OF,
        conditions=(condition,),
    )


@pytest.mark.parametrize("spec", catalog.discover().values(), ids=lambda spec: spec.id)
def test_every_decision_says_whom_it_is_for(spec):
    """Without such a criterion it would arise for everybody, beside every other."""
    assert population_of(spec)


def test_a_real_decision_gives_way_where_its_diagnosis_is_open_or_missing():
    other = of_state("other", MET)
    unread = dataclasses.replace(with_problem("own"), conditions=())
    assert arising([RA, other], with_problem("own")) == (RA.id, "other")
    assert arising([RA, other], with_problem("else")) == ("other",)
    assert arising([RA, other], unread) == ("other",)
    assert arising([RA, of_state("other", UNKNOWN)], with_problem("own")) == (RA.id,)
    assert arising([RA, of_state("other", UNKNOWN)], unread) == (RA.id, "other")


def test_for_every_demo_patient_of_before_the_first_decision_still_arises():
    source = FolderSource(DEMO_PATIENTS)
    offered = [arising([RA, of_state("other", NOT_MET)], source.load(f"demo-0{n}")) for n in (1, 5)]
    assert offered == [(RA.id,), (RA.id,)]
