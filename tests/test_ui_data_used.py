"""Data used: each input with how it was chosen, what its absence costs, what was passed over."""

from __future__ import annotations

import dataclasses
import re
from datetime import timedelta

import pytest

from decision.clinical.assessment import MissingCost
from decision.clinical.quantities import Moment
from decision.clinical.record import Observation, Origin, Source
from decision.clinical.spec import Player, ShownAs
from decision.ui.texts import inputs_used as words
from tests.builders import AS_OF, FakePredictor, make_answer
from tests.fakes import COMPLETE, observe, page_record, page_services, page_spec
from tests.screens import bodies, field, go, opened, press, shown


def crp(days: float, value: float = 42, **about: object) -> Observation:
    return dataclasses.replace(
        observe("crp", value, "mg/L"),
        effective=Moment.instant(AS_OF - timedelta(days=days)),
        source=Source(reference=f"Observation/crp-{days:g}"),
        **about,
    )


def page(*observations: Observation, predictor=None, **spec: object):
    services = page_services(
        page_record("p1", observe("tender", 12), *observations),
        spec=page_spec(**spec),
        predictor=predictor or FakePredictor(),
    )
    return go(opened(services), "data")


def cells(at, label: str) -> dict[str, str]:
    """The row of one input, by column."""
    row = bodies(at).split(f'<th scope="row">{label}<')[1].split("</tr>")[0]
    return dict(re.findall(r'data-label="([^"]+)">([^<]*)<', row))


def test_a_row_has_value_date_age_state_choice_and_source():
    row = cells(page(crp(3)), "CRP")
    assert row == {
        "Value": "42 mg/L",
        "Date and age": "30 Oct 2026 (3 days)",
        "State": "used",
        "How it was chosen": "Newest. The only result. It counts for 90 days.",
        "Effect on the range": "",
        "Source": "Observation/crp-3",
    }


def test_inputs_stand_under_their_kind_of_data():
    body = bodies(page(crp(3)))
    clinical, laboratory = body.split("<h2>Laboratory</h2>")
    assert '<th scope="row">Tender joints<' in clinical.split("<h2>Clinical findings</h2>")[1]
    assert '<th scope="row">CRP<' in laboratory


def test_of_several_results_the_row_says_how_many_and_the_rest_say_why_not():
    at = page(crp(3), crp(10, 30), crp(20, 20, status="preliminary"))
    assert "Chosen from 3 results" in cells(at, "CRP")["How it was chosen"]
    said = shown(at)
    assert "2 results not used, and why" in said
    assert "CRP 23 Oct 2026 30 mg/L a newer one was used Observation/crp-10" in said
    assert "its status is &#x27;preliminary&#x27;" in bodies(at)


def test_a_value_of_an_earlier_visit_is_carried_forward():
    assert cells(page(crp(89.9)), "CRP")["State"] == words.USED
    assert cells(page(crp(120)), "CRP")["State"] == words.CARRIED


def test_what_is_missing_says_where_it_was_looked_for_and_what_it_costs():
    answer = dataclasses.replace(
        make_answer(), missing_costs=(MissingCost(player="crp", wider=0.07),)
    )
    row = cells(page(predictor=FakePredictor(answer)), "CRP")
    assert row["Value"] == "–"
    assert row["Effect on the range"] == "Without it the range of the difference is 7 of 100 wider."
    at = page(predictor=FakePredictor(answer))
    assert "Codes and times searched" in shown(at)
    assert "local crp-local" in shown(at)


@pytest.mark.parametrize(("wider", "told"), [(0.004, "under 1 of 100"), (0.2, "20 of 100")])
def test_a_cost_is_a_whole_number_of_100(wider, told):
    answer = dataclasses.replace(
        make_answer(), missing_costs=(MissingCost(player="crp", wider=wider),)
    )
    row = cells(page(predictor=FakePredictor(answer)), "CRP")
    assert told in row["Effect on the range"]


def test_without_an_estimate_the_input_it_lacks_says_so():
    services = page_services(page_record("p1", crp(3)), spec=page_spec())
    row = cells(go(opened(services), "data"), "Tender joints")
    assert row["Effect on the range"] == words.WITHHELD
    assert row["State"] == "not found in the record"


def test_an_entry_is_told_as_one_and_has_no_look_back():
    at = opened(page_services(page_record("p1", observe("tender", 12)), spec=page_spec()))
    field(at, "CRP").set_value(9.0)
    press(at, "Save and update the answer")
    row = cells(go(at, "data"), "CRP")
    assert row["State"] == words.ENTERED
    assert "counts for" not in row["How it was chosen"]
    assert Origin.CLINICIAN.value in row["State"]


def test_a_sum_is_a_row_of_its_own_with_its_parts():
    player = Player(
        id="both",
        label="Both together",
        modality=page_spec().features[0].modality,
        features=("tender", "crp"),
        shown_as=ShownAs.SUM,
        parts={"tender": "joints", "crp": "blood"},
    )
    row = cells(page(crp(3, 30), players=(player,)), "Both together")
    assert row["Value"] == "42"
    assert row["State"] == words.WORKED_OUT
    assert row["How it was chosen"].startswith("Sum of tender joints; CRP. Not of one day: ")
    services = page_services(page_record("p1", crp(3)), spec=page_spec(players=(player,)))
    assert "Both together" not in shown(go(opened(services), "data"))


def test_too_many_passed_over_results_are_counted_and_not_all_listed():
    at = page(*(crp(n + 1) for n in range(60)))
    said = shown(at)
    assert "59 results not used, and why" in said
    assert "CRP: 39 older, not used either." in said
    assert bodies(at).count("a newer one was used") == words.MOST_UNUSED


def test_what_a_record_says_is_never_markup():
    body = bodies(page(crp(3), crp(9, status="<b>x</b>")))
    assert "<b>x</b>" not in body


def test_every_heading_follows_the_level_above():
    body = bodies(page(*COMPLETE))
    levels = [int(n) for n in re.findall(r"<h([1-6])[ >]", body.split("<h1>Data used")[1])]
    assert levels[0] == 2
    assert max(levels) <= 3
