"""What a place may choose about the progression decision, and what of it is refused by name."""

from __future__ import annotations

import pytest

from decision import catalog
from decision.catalog.t1d_progression.local import LocalSettingError, Place, place_of
from decision.clinical.local import Local
from tests.t1d_records import DECISION, described, spec, whole


def placed(**settings: object) -> Place:
    return place_of(Local(jurisdiction="US", settings={DECISION: settings}))


def test_without_a_choice_nothing_is_assumed():
    place = place_of(Local())
    assert place == Place()
    assert place.min_age_years is None
    assert not place.noncommercial


def test_settings_of_another_decision_are_not_read():
    assert place_of(Local(settings={"another": {"strange": 1}})) == Place()


def test_every_choice_is_kept():
    place = placed(
        teplizumab_min_age_years=1, switched_on=["confirm-antibodies"], noncommercial=True
    )
    assert place.min_age_years == 1.0
    assert place.switched_on == {"confirm-antibodies"}
    assert place.noncommercial


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"teplizumab_min_age": 8}, ["unknown setting 'teplizumab_min_age'", "use one of"]),
        ({"teplizumab_min_age_years": "8"}, ["teplizumab_min_age_years is '8'", "in years"]),
        ({"teplizumab_min_age_years": True}, ["is True", "in years"]),
        ({"teplizumab_min_age_years": -1}, ["is -1", "in years"]),
        ({"teplizumab_min_age_years": float("nan")}, ["is nan", "in years"]),
        ({"switched_on": "confirm-antibodies"}, ["switched_on is", "list of row ids"]),
        ({"switched_on": [1]}, ["switched_on is", "list of row ids"]),
        ({"switched_on": ["nothing-such"]}, ["nothing-such", "list of row ids"]),
        ({"noncommercial": "yes"}, ["noncommercial is 'yes'", "true or false"]),
        ({"noncommercial": 1}, ["noncommercial is 1", "true or false"]),
    ],
)
def test_what_cannot_be_used_is_named_with_its_value_and_the_remedy(settings, told):
    with pytest.raises(LocalSettingError) as caught:
        placed(**settings)
    for part in (DECISION, *told):
        assert part in str(caught.value)
    with pytest.raises(catalog.SpecError, match=DECISION):
        spec(**settings)


def test_the_choices_are_told_and_change_with_every_choice():
    told = {
        spec().local,
        spec("GB").local,
        spec(teplizumab_min_age_years=1).local,
        spec(switched_on=["confirm-antibodies"]).local,
        spec(noncommercial=True).local,
    }
    assert len(told) == 5
    assert "jurisdiction US" in spec().local
    assert "staging.csv" in spec().local


def test_a_switched_on_row_of_staging_changes_the_stage():
    record = whole(glucose_60=210, glucose_30=150)
    assert described(record).classification.label == "Stage 1"
    on = spec(switched_on=["ogtt-60min-stage2-mgdl"])
    assert described(record, on).classification.label == "Stage 2"
