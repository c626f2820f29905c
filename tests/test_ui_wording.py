"""What a page says of a decision's own parts comes from the decision's data, not from the page."""

from __future__ import annotations

import dataclasses

import pytest

from decision.clinical.spec import Modality, Player, ShownAs, Stratum
from decision.rules import derive_features
from decision.ui.texts.about import metric_rows, validated_on
from decision.ui.texts.reasons import player_text
from tests.builders import FakePredictor
from tests.fakes import observe, page_record, page_spec

BOTH = ("tender", "crp")


def player(shown_as: ShownAs) -> Player:
    return Player(
        id="both", label="Both", modality=Modality.CLINICAL, features=BOTH, shown_as=shown_as
    )


def words(shown_as: ShownAs, *values: float) -> str:
    spec = page_spec(players=(player(shown_as),))
    units = ("{count}", "mg/L")
    told = [observe(n, v, u) for n, v, u in zip(BOTH, values, units, strict=False)]
    return player_text(spec, derive_features(page_record("p1", *told), spec), spec.players[0])


def test_r07_a_player_is_worded_as_the_decision_says():
    assert words(ShownAs.SUM, 12, 30).startswith("Both 42 (")
    assert words(ShownAs.PARTS, 12, 30).startswith("Both: Tender joints 12, CRP 30 mg/L (")


@pytest.mark.parametrize("shown_as", ShownAs)
def test_r07_a_sum_with_a_part_missing_is_not_shown_as_the_whole(shown_as):
    assert words(shown_as, 12).startswith("Both: Tender joints 12 (")


def test_r14_a_figure_of_one_stratum_is_worded_by_the_decision():
    stratum = Stratum(id="first", label="nobody treated before", ranges={})
    spec = dataclasses.replace(page_spec(), strata=(stratum,))
    rows = metric_rows(spec, {"contrast.no_clear_preference_first": 0.97})
    assert rows == (
        ("Difference", "Share told no clear preference: nobody treated before", "0.970"),
    )


def test_r14_a_figure_of_an_unknown_stratum_keeps_its_own_name():
    rows = metric_rows(page_spec(), {"contrast.no_clear_preference_first": 0.97})
    assert rows[0][1] == "no clear preference first"


def test_a_count_is_a_count_and_the_slope_of_the_difference_is_not_called_calibration():
    rows = metric_rows(
        page_spec(), {"contrast.named_patients": 8.0, "contrast.calibration_slope": 0.73}
    )
    assert [value for _, _, value in rows] == ["8", "0.730"]
    assert rows[0][1] == "Patients with a drug class named"
    assert rows[1][1].startswith("True difference per predicted difference")


def test_shares_of_very_few_give_way_to_their_counts():
    metrics = {"contrast.named_sign_agreement": 1.0, "contrast.named_share": 0.0007}
    assert len(metric_rows(page_spec(), metrics)) == 2
    assert len(metric_rows(page_spec(), {**metrics, "contrast.named_patients": 8.0})) == 1


@pytest.mark.parametrize(("simulated", "said"), [(True, "nothing about patients"), (False, "On 8")])
def test_the_page_says_on_whom_its_figures_rest(simulated, said):
    told = dataclasses.replace(
        FakePredictor().identity, simulated=simulated, metrics={"contrast.answered": 8.0}
    )
    assert said in validated_on(told)
    assert ("SIMULATED" in validated_on(told)) is simulated
