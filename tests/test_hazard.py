"""The fitted progression model: what it says, what it refuses, how it ranks and calibrates."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.domain import unusual
from models.event_metrics import weighted_auc
from models.events import EventError
from models.hazard import ProgressionHazard
from models.hazard_calibration import (
    FEWEST_EVENTS,
    between_sites,
    calibrate,
    recalibrate_site,
    soft_status,
)
from models.hazard_explain import explain_risk, shapley
from models.hazard_model import HazardDesign, HazardModel, SiteShift, predict, rising, survival
from models.hazard_site import recalibrate
from models.shapley import ShapleyError
from models.simulate import t1d
from tests.progression import USUAL, model, others, training

NAMES = {"full", "no_grs", "no_hba1c", "no_bmi", "no_ogtt", "no_ogtt_no_grs"}


def person(**known) -> np.ndarray:
    """A child of ten with everything usual and known, but for what is said."""
    return np.array([(USUAL | known)[c] for c in t1d.COLUMNS])


# --------------------------------------------------------------------------- horizons and patterns


def test_every_stratum_is_fitted_with_and_without_the_test_that_stages():
    assert set(model().models) == {(s, d) for s in range(3) for d in (True, False)}
    for (stratum, decided), fitted in model().models.items():
        names = {n for n in fitted.submodels if ("no_ogtt" in n) != decided}
        assert len(names) == 8
        # too few people are in stage 2 by HbA1c alone: the fit of the others serves them as well
        assert len(fitted.submodels) == (16 if stratum == 2 else 8)
    assert model().models[2, True] is model().models[2, False]
    assert {n for f in model().models.values() for n in f.submodels} >= NAMES


def test_each_pattern_of_missing_values_has_its_own_named_submodel_and_auc():
    seen = {}
    for name, missing in (
        ("full", {}),
        ("no_grs", {"grs2": np.nan}),
        ("no_hba1c", {"hba1c": np.nan}),
        ("no_ogtt", {"index60": np.nan}),
        ("no_ogtt_no_grs", {"index60": np.nan, "grs2": np.nan}),
    ):
        found = predict(model(), person(**missing)[None], np.array([1]))
        assert found.pattern == (name,)
        part = model().models[1, "no_ogtt" not in name].submodels[name]
        assert 0.5 < part.auc < 0.9
        assert part.events >= 50
        seen[name] = part.auc
    assert len(set(seen.values())) == len(seen)


@pytest.mark.parametrize("column", ["ln_age", "male", "ia2a"])
def test_what_is_required_is_never_imputed(column):
    with pytest.raises(EventError, match=f"{column} is not known"):
        predict(model(), person(**{column: np.nan})[None], np.array([1]))


@pytest.mark.parametrize("stratum", [-1, 3])
def test_an_unknown_number_of_antibodies_refuses(stratum):
    with pytest.raises(EventError, match="number of antibodies"):
        predict(model(), person()[None], np.array([stratum]))


def test_a_stratum_never_fitted_is_refused_not_borrowed():
    kept = {k: v for k, v in model().models.items() if k[0] != 2}
    with pytest.raises(EventError, match="'stage_2' was not fitted"):
        predict(replace(model(), models=kept), person()[None], np.array([2]))


def test_risks_never_fall_with_the_horizon():
    found = predict(model(), others().table.X, others().table.stratum)
    for part in (found.risk, found.low, found.high):
        assert (np.diff(part, axis=1) >= 0).all()
        assert ((part >= 0) & (part <= 1)).all()
    assert (found.low <= found.risk).all()
    assert (found.risk <= found.high).all()


@settings(max_examples=50)
@given(st.lists(st.floats(-40, 40), min_size=3, max_size=3))
def test_rising_risks_rise_for_any_margins(margins):
    """Slopes differ by horizon, so the straight lines may cross: the risks must not."""
    risk = rising(np.array(margins))
    assert (np.diff(risk) >= 0).all()
    assert risk[0] == pytest.approx(1 - np.exp(-np.exp(min(margins[0], 30))))


def test_a_missing_horizon_fails_instead_of_being_derived():
    fitted = model().models[1, True]
    part = fitted.submodels["full"]
    cut = replace(part, level=part.level[:2], slope=part.slope[:2])
    broken = replace(fitted, submodels={**fitted.submodels, "full": cut})
    with pytest.raises(EventError, match=r"stage_1, full: 2 horizons stored, 3 needed"):
        replace(model(), models={**model().models, (1, True): broken})


def test_curves_pass_through_the_displayed_risks_and_fall():
    X, stratum = others().table.X[:300], others().table.stratum[:300]
    found = predict(model(), X, stratum)
    at = survival(model(), X, stratum, np.array([0.0, 1.0, 2.0, 5.0]), found.margin)
    assert 1 - at[:, 1:] == pytest.approx(found.risk, abs=1e-9)
    assert at[:, 0] == pytest.approx(np.ones(300))
    curve = survival(model(), X, stratum, np.linspace(0, 12, 60), found.margin)
    assert (np.diff(curve, axis=1) <= 1e-12).all()


def test_rows_are_predicted_one_by_one_as_together():
    X, stratum = others().table.X[:60], others().table.stratum[:60]
    together = predict(model(), X, stratum)
    for i in range(0, 60, 7):
        alone = predict(model(), X[i : i + 1], stratum[i : i + 1])
        assert alone.risk[0] == pytest.approx(together.risk[i], abs=1e-12)
        assert alone.pattern[0] == together.pattern[i]


@pytest.mark.parametrize(("column", "step"), [("hba1c", 0.3), ("index60", 0.8), ("grs2", 1.5)])
def test_a_worse_marker_means_a_higher_risk(column, step):
    for stratum in range(3):
        low, high = person(), person()
        high[t1d.COLUMNS.index(column)] += step
        found = predict(model(), np.stack([low, high]), np.array([stratum, stratum]))
        assert (found.risk[1] > found.risk[0]).all()


def test_what_is_not_known_widens_the_range():
    found = predict(
        model(),
        np.stack([person(), person(grs2=np.nan), person(index60=np.nan)]),
        np.full(3, 1),
    )
    assert found.sd[1, 2] > found.sd[0, 2]
    assert found.sd[2, 2] > found.sd[0, 2] + 0.1


# ----------------------------------------------------------------------- discrimination, coverage


def test_new_people_are_ranked_nearly_as_well_as_can_be():
    """Attainable by measured markers: .768, .722, .801 against an oracle's .776, .733, .812."""
    world = others()
    found = predict(model(), world.table.X, world.table.stratum)
    complete = ~np.isnan(world.table.X).any(axis=1)
    for stratum in range(3):
        at = complete & (world.table.stratum == stratum)
        F = world.truth.risk[at, 2]
        ours = weighted_auc(found.risk[at, 2], F, 1 - F)
        oracle = weighted_auc(F, F, 1 - F)
        assert oracle - 0.035 < ours < oracle


def test_risks_are_right_on_average_and_ranges_hold_the_truth():
    """3,000 people: the level of a stratum is known to 10 %, the ranges are for 90 %."""
    world = others()
    found = predict(model(), world.table.X, world.table.stratum)
    inside = (found.low <= world.truth.risk) & (world.truth.risk <= found.high)
    assert (inside.mean(axis=0) > 0.78).all()
    assert (inside.mean(axis=0) < 0.98).all()
    for stratum in range(3):
        at = world.table.stratum == stratum
        ratio = world.truth.risk[at].mean(axis=0) / found.risk[at].mean(axis=0)
        assert (np.abs(ratio - 1) < 0.25).all()


def test_family_history_and_microbiome_add_nothing():
    """Negative controls: neither is in the design, and neither helps where it is added."""
    assert not {"relative", "microbiome"} & set(model().design.columns)
    world, scored = training(), others()
    more = ("relative", "microbiome")
    design = replace(
        t1d.DESIGN,
        columns=(*t1d.COLUMNS, *more),
        groups={**t1d.DESIGN.groups, "gut": ("microbiome",)},
    )
    wide = [
        replace(
            w.table,
            columns=design.columns,
            X=np.column_stack([w.table.X, *(w.features[f] for f in more)]),
        )
        for w in (world, scored)
    ]
    fitted = ProgressionHazard(design, ridges=(10.0,), seed=5).fit(wide[0])
    ours = predict(model(), scored.table.X, scored.table.stratum).risk[:, 2]
    theirs = predict(fitted, wide[1].X, wide[1].stratum).risk[:, 2]
    for stratum in range(3):
        at = scored.table.stratum == stratum
        F = scored.truth.risk[at, 2]
        gain = weighted_auc(theirs[at], F, 1 - F) - weighted_auc(ours[at], F, 1 - F)
        assert gain < 0.005


# --------------------------------------------------------------------------------- what is refused


def test_columns_in_another_order_are_refused():
    table = replace(training().table, columns=t1d.COLUMNS[::-1])
    with pytest.raises(EventError, match="the design"):
        ProgressionHazard(t1d.DESIGN).fit(table)


def test_too_few_events_fit_nothing():
    table = training().table
    few = table.rows(np.flatnonzero(~table.event)[:200])
    with pytest.raises(EventError, match="nothing to fit"):
        ProgressionHazard(t1d.DESIGN).fit(few)


def test_the_same_table_gives_the_same_model():
    table = training().table.rows(training().table.stratum == 2)
    a, b = (ProgressionHazard(t1d.DESIGN, ridges=(10.0,)).fit(table) for _ in range(2))
    assert np.array_equal(
        a.models[2, True].submodels["full"].effect, b.models[2, True].submodels["full"].effect
    )


def test_a_design_without_a_deciding_group_is_fitted_once():
    table = training().table
    own = HazardDesign(
        columns=t1d.COLUMNS, groups=t1d.DESIGN.groups, strata=t1d.STRATA, horizons=t1d.HORIZONS
    )
    fitted = ProgressionHazard(own, ridges=(10.0,)).fit(table.rows(table.stratum == 1))
    assert set(fitted.models) == {(1, True)}
    assert len(fitted.models[1, True].submodels) == 16


def test_an_unusual_person_is_found_with_the_column_to_blame():
    domain = model().models[1, True].domain
    odd = unusual(domain, person(bmi=55.0))
    assert odd.p_value < 0.02
    assert t1d.COLUMNS[odd.culprit] == "bmi"
    assert unusual(domain, person()).p_value > 0.1


# ------------------------------------------------------------------------------------ calibration


def test_calibration_finds_a_known_line_and_shrinks_without_data():
    rng = np.random.default_rng(1)
    margin = rng.normal(-1.0, 1.0, 40_000)
    F = 1 - np.exp(-np.exp(0.4 + 0.7 * margin))
    y = (rng.random(40_000) < F).astype(float)
    assert calibrate(margin, y, 1 - y) == pytest.approx((0.4, 0.7), abs=0.03)
    assert calibrate(margin[:0], y[:0], y[:0]) == (0.0, 1.0)
    level, slope = calibrate(margin[:10], y[:10], 1 - y[:10])
    assert abs(slope - 1) < 0.15
    assert abs(level) < 0.4


def test_an_interval_across_the_horizon_counts_in_part():
    table = training().table.rows(np.flatnonzero(training().table.event)[:3])
    table = replace(table, left=np.array([1.0, 3.0, 0.5]), right=np.array([3.0, 4.0, 1.5]))
    case, control = soft_status(table, 2.0)
    assert case == pytest.approx([0.5, 0.0, 1.0])
    assert control == pytest.approx([0.5, 1.0, 0.0])


def test_an_external_site_is_off_before_and_right_after_recalibration():
    """Site F: log hazard ratio -.45 and other assays. 4,000 local people, scored on others."""
    local = t1d.simulate(4_000, seed=71, sites=(5,), first_person=2 * 10**6).table
    scored = t1d.simulate(8_000, seed=72, sites=(5,), first_person=3 * 10**6)
    near = t1d.simulate(8_000, seed=73, first_person=4 * 10**6)

    def ratio(world, shifts):
        found = predict(model(), world.table.X, world.table.stratum, shifts)
        return float(world.truth.risk[:, 2].mean() / found.risk[:, 2].mean())

    shifts = recalibrate(model(), local)
    assert ratio(scored, None) < ratio(near, None) - 0.08
    # onsets recorded between visits overstate by two points, here as everywhere
    assert ratio(scored, shifts) == pytest.approx(1.0, abs=0.06)
    assert all(-0.7 < s.shift < -0.15 and s.applied for s in shifts.values())


def test_recalibration_needs_events_and_one_site():
    few = t1d.simulate(40, seed=74, sites=(5,)).table
    shifts = recalibrate(model(), few)
    assert sum(s.events for s in shifts.values()) < FEWEST_EVENTS
    assert all(s.shift == 0.0 and not s.applied for s in shifts.values())
    with pytest.raises(EventError, match="recalibrate one site"):
        recalibrate(model(), training().table)


def test_a_stratum_with_few_events_borrows_from_its_site():
    many = {0: 1, 1: 200, 2: 200}
    expected = {0: 1.0, 1: 400.0, 2: 400.0}
    shifts = recalibrate_site(many, expected, dict.fromkeys(range(3), 0.1))
    assert shifts[1].shift == pytest.approx(np.log(0.5), abs=0.05)
    assert -0.7 < shifts[0].shift < -0.4
    assert shifts[0].variance > shifts[1].variance


def test_equal_sites_have_no_variance_between_them():
    event = np.ones(300, bool)
    site = np.repeat([0, 1, 2], 100)
    assert between_sites(event, np.ones(300), site) == 0.0
    assert between_sites(event, np.repeat([0.5, 1.0, 2.0], 100), site) > 0.2
    assert between_sites(event[:50], np.ones(50), site[:50]) == 0.0


def test_a_site_shift_moves_the_level_and_replaces_the_variance_between_sites():
    shift = {1: SiteShift(shift=-0.5, variance=0.001, events=50, applied=True)}
    plain = predict(model(), person()[None], np.array([1]))
    moved = predict(model(), person()[None], np.array([1]), shift)
    assert moved.margin == pytest.approx(plain.margin - 0.5)
    assert (moved.sd < plain.sd).all()
    unused = predict(model(), person()[None], np.array([1]), {1: replace(shift[1], applied=False)})
    assert unused.margin == pytest.approx(plain.margin)


# ------------------------------------------------------------------------------------ explanation


def test_reasons_and_base_add_up_to_every_displayed_risk():
    X, stratum = others().table.X[:60], others().table.stratum[:60]
    found = predict(model(), X, stratum)
    for i in range(60):
        why = explain_risk(model(), X[i], int(stratum[i]))
        assert why.pattern == found.pattern[i]
        assert why.risk == pytest.approx(found.risk[i], abs=1e-12)
        assert why.base + why.values.sum(axis=1) == pytest.approx(found.risk[i], abs=1e-9)
        missing = np.isnan(X[i])
        assert (why.values[:, missing] == 0.0).all()
        assert (why.values[:, ~missing] != 0.0).any()


def test_a_recalibrated_risk_is_explained_as_displayed():
    shift = SiteShift(shift=-0.3, variance=0.01, events=60, applied=True)
    found = predict(model(), person()[None], np.array([2]), {2: shift})
    why = explain_risk(model(), person(), 2, shift)
    assert why.risk == pytest.approx(found.risk[0], abs=1e-12)


@settings(max_examples=20)
@given(seed=st.integers(0, 10_000), players=st.integers(1, 4))
def test_values_are_the_average_over_all_orders(seed, players):
    """The definition itself, with crossing horizons among the cases."""
    from itertools import permutations

    rng = np.random.default_rng(seed)
    own, rows = rng.normal(size=players), rng.normal(size=(3, players))
    weights = np.array([0.2, 0.3, 0.5])
    level, slope = rng.normal(size=3), rng.uniform(0.2, 2.0, 3)

    def worth(members):
        score = [r.sum() + sum(own[j] - r[j] for j in members) for r in rows]
        return weights @ rising(np.multiply.outer(score, slope) + level)

    expected = np.zeros((3, players))
    orders = list(permutations(range(players)))
    for order in orders:
        for at, j in enumerate(order):
            expected[:, j] += worth(order[: at + 1]) - worth(order[:at])
    values, base, risk = shapley(own, rows, weights, level, slope)
    assert values == pytest.approx(expected / len(orders), abs=1e-12)
    assert base == pytest.approx(worth(()), abs=1e-12)
    assert risk == pytest.approx(worth(range(players)), abs=1e-12)


def test_too_many_players_are_refused():
    with pytest.raises(ShapleyError, match="13 players"):
        shapley(np.ones(13), np.zeros((1, 13)), np.ones(1), np.zeros(1), np.ones(1))


def test_a_broken_model_explains_nothing():
    fitted = model().models[1, True]
    rows = np.full_like(fitted.reference, np.inf)
    broken: HazardModel = replace(
        model(), models={**model().models, (1, True): replace(fitted, reference=rows)}
    )
    with pytest.raises(ShapleyError, match="not a finite number"):
        explain_risk(broken, person(), 1)
