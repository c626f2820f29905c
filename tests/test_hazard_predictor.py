"""Serving the progression model: the numbers of the validation, exact reasons, honest prices."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from decision.clinical.errors import ModelError
from models import artifact
from models.artifact import ArtefactError
from models.decisions import DEMO_SITE
from models.events import EventTable
from models.hazard_artifact import load_hazard
from models.hazard_model import predict
from models.hazard_predictor import HazardPredictor, load_hazard_predictor
from models.hazard_validation import BAND_PEOPLE, BANDS, WIDEST_BAND, counted, local_calibration
from models.predictor import ModelInputError
from models.simulate import t1d
from tests.progression import DECISION, USUAL, artefact, others

LEVEL = 0.9
OPTIONAL = ("bmi", "grs2", "hba1c", "index60")
"""What may be missing."""


@cache
def predictor() -> HazardPredictor:
    return load_hazard_predictor(DECISION, artefact(), t1d.DESIGN)


def answer(values=None, stratum=1, level=LEVEL, **change):
    known = {k: v for k, v in ((values or USUAL) | change).items() if v is not None}
    return predictor().answer(known, stratum=stratum, site=DEMO_SITE, level=level)


def reasons(values, stratum=1):
    return predictor().reasons(values, stratum=stratum, site=DEMO_SITE)


people = st.fixed_dictionaries(
    {
        "ln_age": st.floats(0.1, 3.8),
        "male": st.sampled_from([0.0, 1.0]),
        "ia2a": st.sampled_from([0.0, 1.0]),
    },
    optional={
        "bmi": st.floats(10, 50),
        "grs2": st.floats(2, 20),
        "hba1c": st.floats(4.2, 6.4),
        "index60": st.floats(-4, 4),
    },
)
"""Anybody whom the plausibility limits would let through, with anything optional missing."""
strata = st.integers(0, 2)


def test_serving_loads_no_training_library():
    script = (
        "import sys, models.hazard_predictor\n"
        "heavy = {'sklearn', 'sksurv', 'torch', 'shap', 'scipy', 'pandas', 'lightgbm'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert (run.stdout.strip(), run.stderr) == ("[]", "")


def test_a_served_person_gets_the_numbers_of_the_validation():
    """One person's serving and the vectorised evaluation are one model: equal to 1e-12."""
    served = load_hazard(DECISION, artefact())
    table = others().table.rows(np.arange(120))
    found = predict(served.model, table.X, table.stratum, served.sites[DEMO_SITE], LEVEL)
    for i in range(table.n):
        known = {c: float(v) for c, v in zip(t1d.COLUMNS, table.X[i], strict=True)}
        got = answer(
            {c: v for c, v in known.items() if not np.isnan(v)}, stratum=int(table.stratum[i])
        )
        assert got.pattern == found.pattern[i]
        assert [r.years for r in got.risks] == [1.0, 2.0, 5.0]
        for h, risk in enumerate(got.risks):
            assert risk.probability == pytest.approx(found.risk[i, h], abs=1e-12)
            assert risk.interval.low == pytest.approx(found.low[i, h], abs=1e-12)
            assert risk.interval.high == pytest.approx(found.high[i, h], abs=1e-12)


# -------------------------------------------------------------------------------------- invariants


@settings(max_examples=60)
@given(values=people, stratum=strata, level=st.sampled_from([0.5, 0.8, 0.9, 0.95]))
def test_risks_never_fall_with_time_and_lie_in_their_ranges(values, stratum, level):
    """Diabetes is not undone: what may happen by two years may happen by five."""
    got = answer(values, stratum, level)
    for line in ([r.probability for r in got.risks], [r.interval.low for r in got.risks]):
        assert line == sorted(line)
    assert all(0 <= r.interval.low <= r.probability <= r.interval.high <= 1 for r in got.risks)
    for part in ("risk", "low", "high"):
        line = [getattr(p, part) for p in got.curve]
        assert line == sorted(line)
        assert line[0] == 0.0
    assert all(p.low <= p.risk <= p.high for p in got.curve)


@settings(max_examples=60)
@given(values=people, stratum=strata)
def test_the_curve_passes_through_what_is_displayed(values, stratum):
    """A reader must not find two numbers for one year."""
    got = answer(values, stratum)
    at = {p.years: p for p in got.curve}
    assert got.curve[-1].years == 5.0
    for r in got.risks:
        assert (at[r.years].risk, at[r.years].low, at[r.years].high) == (
            r.probability,
            r.interval.low,
            r.interval.high,
        )


@settings(max_examples=60)
@given(values=people, stratum=strata)
def test_reasons_add_up_and_what_is_missing_gives_none(values, stratum):
    """Efficiency and the null player, which define the values with two further axioms."""
    got = reasons(values, stratum)
    assert got.residual <= 1e-9
    assert got.players == t1d.COLUMNS
    for h, r in enumerate(answer(values, stratum).risks):
        assert got.base[h] + got.values[h].sum() == pytest.approx(r.probability, abs=1e-9)
    unknown = [j for j, column in enumerate(t1d.COLUMNS) if column not in values]
    assert (got.values[:, unknown] == 0.0).all()


@settings(max_examples=30)
@given(values=people, stratum=strata, order=st.permutations(range(7)))
def test_the_order_of_the_values_changes_nothing(values, stratum, order):
    names = [t1d.COLUMNS[j] for j in order if t1d.COLUMNS[j] in values]
    assert answer({n: values[n] for n in names}, stratum) == answer(values, stratum)


@settings(max_examples=40)
@given(values=people, stratum=strata)
def test_every_missing_group_has_a_price_and_no_other(values, stratum):
    """A measurement cannot be said to narrow the range to less than nothing."""
    got = answer(values, stratum)
    groups = {g for g, (c,) in t1d.DESIGN.groups.items() if c not in values}
    assert set(got.missing) == groups == {c.player for c in got.missing_costs}
    widths = [c.wider for c in got.missing_costs]
    assert widths == sorted(widths, reverse=True)
    assert all(0 <= w <= got.risks[-1].interval.width for w in widths)


# ------------------------------------------------------------------------------------ one person


def test_the_glucose_test_is_worth_most():
    costs = {c.player: c.wider for c in answer(index60=None, grs2=None, bmi=None).missing_costs}
    assert costs["ogtt"] > costs["grs"]
    assert costs["ogtt"] > 0.05
    assert costs["ogtt"] > 5 * costs["bmi"]


def test_measuring_what_was_missing_saves_about_its_price():
    """At the value that is expected, which is what the price is for."""
    without = answer(grs2=None)
    (cost,) = without.missing_costs
    expected = predictor()._likely(predictor()._row(USUAL | {}), 1, "grs")
    assert expected[t1d.COLUMNS.index("grs2")] == USUAL["grs2"]
    x = predictor()._row({k: v for k, v in USUAL.items() if k != "grs2"})
    likely = predictor()._likely(x, 1, "grs")[t1d.COLUMNS.index("grs2")]
    assert 10 < likely < 16
    having = answer(grs2=float(likely))
    saved = without.risks[-1].interval.width - having.risks[-1].interval.width
    assert saved == pytest.approx(cost.wider, abs=0.02)


def test_without_the_deciding_group_the_stratum_is_provisional():
    assert answer().decided
    without = answer(index60=None)
    assert not without.decided
    assert without.missing == ("ogtt",)
    assert without.risks[-1].interval.width > answer().risks[-1].interval.width


def test_an_answer_names_whom_it_rests_on():
    full, fewer = answer().behind, answer(grs2=None).behind
    assert full.people == fewer.people > full.events > 100
    assert fewer.pattern_people > full.pattern_people
    assert fewer.pattern_events > full.pattern_events
    assert 0.6 < fewer.auc < 0.9
    assert answer(stratum=2).behind.people < full.people


def test_an_unusual_person_is_found_and_the_value_named():
    usual, odd = answer(), answer(bmi=60.0)
    assert usual.domain.p_value > 0.1
    assert usual.domain.outside_usual == ()
    assert odd.domain.p_value < 0.02
    assert odd.domain.culprit == "bmi"
    ((column, value, low, high),) = odd.domain.outside_usual
    assert (column, value) == ("bmi", 60.0)
    assert 10 < low < 20 < high < 60


def test_a_worse_marker_raises_every_risk_and_its_reason():
    low, high = answer(hba1c=5.0), answer(hba1c=5.5)
    for a, b in zip(low.risks, high.risks, strict=True):
        assert b.probability > a.probability
    better, worse = (reasons(USUAL | {"hba1c": value}).values for value in (5.0, 5.5))
    hba1c = t1d.COLUMNS.index("hba1c")
    assert (worse[:, hba1c] > better[:, hba1c]).all()


# ------------------------------------------------------------------------------ local calibration


def progressed(n: int, share: float, lost: float, seed: int) -> EventTable:
    """n people at a constant yearly hazard of `share`, of whom some are lost at random times."""
    rng = np.random.default_rng(seed)
    onset, end = rng.exponential(1 / share, n), rng.exponential(1 / max(lost, 1e-9), n)
    end = np.minimum(end, 10.0)
    right = np.where(onset < end, onset, np.inf)
    zeros = np.zeros(n)
    return EventTable(
        person=np.arange(n),
        columns=("a",),
        X=np.zeros((n, 1)),
        stratum=np.zeros(n, np.int64),
        without={},
        site=np.zeros(n, np.int64),
        entry=zeros,
        left=np.minimum(onset, end),
        right=np.where(np.isfinite(right), right + 1e-9, right),
        treated=zeros + np.inf,
        available=zeros + np.inf,
        simulated=True,
        description="SIMULATED",
    )


def test_people_lost_on_the_way_do_not_raise_the_share_that_progressed():
    """Of everybody scored 1 - exp(-5 x .1) = .39 progress; of those whose status is known, .53."""
    table = progressed(20_000, 0.1, 0.2, 1)
    risk = np.full((table.n, 1), 0.39)
    found = local_calibration(counted(table, risk, (5.0,), 1), 0, 0, 0.39)
    assert found.n == table.n
    assert found.events / found.n == pytest.approx(1 - np.exp(-0.5), abs=0.012)
    known = counted(table, risk, (5.0,), 1).known.sum()
    assert np.isfinite(table.right[table.left < 5]).sum() / known > 0.48


def test_the_limits_are_for_as_many_people_as_the_weights_are_worth():
    few, all_of_them = (
        local_calibration(
            counted(progressed(2_000, 0.1, lost, 2), np.full((2_000, 1), 0.4), (5.0,), 1), 0, 0, 0.4
        )
        for lost in (0.3, 0.0)
    )
    assert few.n == all_of_them.n == 2_000
    assert few.observed_high - few.observed_low > 1.3 * (
        all_of_them.observed_high - all_of_them.observed_low
    )


def test_the_band_around_a_risk_grows_until_it_says_something():
    table = progressed(2_000, 0.1, 0.1, 3)
    spread = np.linspace(0.0, 0.999, 2_000)[:, None]
    validated = counted(table, spread, (5.0,), 1)
    assert validated.people.sum() == 2_000
    narrow = local_calibration(validated, 0, 0, 0.5)
    assert narrow.low < 0.5 < narrow.high
    assert narrow.n >= BAND_PEOPLE or narrow.high - narrow.low >= WIDEST_BAND - 2.0 / BANDS
    assert narrow.high - narrow.low <= WIDEST_BAND + 1e-9
    edge = local_calibration(validated, 0, 0, 1.0)
    assert edge.high == 1.0
    nobody = local_calibration(
        counted(table.rows(table.left < 0), spread[:0], (5.0,), 1), 0, 0, 0.5
    )
    assert (nobody.n, nobody.events, nobody.observed_low, nobody.observed_high) == (0, 0, 0.0, 1.0)


def test_people_of_the_same_stratum_calibrate():
    served = load_hazard(DECISION, artefact())
    assert served.validated.people.sum(axis=(1, 2)).min() > 0
    for stratum in range(3):
        near = answer(stratum=stratum).risks[-1].calibration
        assert near.low <= answer(stratum=stratum).risks[-1].probability <= near.high
        assert 0 <= near.observed_low <= near.observed_high <= 1
        assert near.n <= served.validated.people[stratum, 2].sum()


# --------------------------------------------------------------------------------- what is refused


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"ln_age": None}, "ln_age is not known; it is required and never imputed"),
        ({"ia2a": None}, "ia2a is not known"),
        ({"hba1c": float("nan")}, "'hba1c' is no finite number"),
        ({"hba1c": float("inf")}, "'hba1c' is no finite number"),
        ({"grs": 13.0}, "no column 'grs'"),
    ],
)
def test_values_that_cannot_be_used_are_refused_by_name(change, said):
    with pytest.raises(ModelInputError, match=said) as caught:
        answer(**change)
    assert caught.value.remedy
    assert isinstance(caught.value, ModelError)


def test_a_refusal_repeats_no_value():
    with pytest.raises(ModelInputError) as caught:
        answer(hba1c=float("inf"), ln_age=2.345678)
    assert "2.34" not in caught.value.message + caught.value.remedy
    assert "inf" not in caught.value.message.replace("infinite", "").replace("finite", "")


@pytest.mark.parametrize("stratum", [-1, 3])
def test_an_unknown_stratum_is_refused(stratum):
    with pytest.raises(ModelInputError, match="number of antibodies is required"):
        answer(stratum=stratum)


@pytest.mark.parametrize("level", [0.0, 1.0, 90.0])
def test_a_level_that_is_no_share_is_refused(level):
    with pytest.raises(ModelInputError, match="level"):
        answer(level=level)


def test_a_site_without_recalibration_is_refused():
    with pytest.raises(
        ModelInputError, match="not been recalibrated for site 'elsewhere'"
    ) as found:
        predictor().answer(USUAL, stratum=1, site="elsewhere", level=LEVEL)
    assert DEMO_SITE in found.value.remedy


def test_a_stratum_that_was_not_fitted_is_refused_not_borrowed():
    served = load_hazard(DECISION, artefact())
    kept = {k: v for k, v in served.model.models.items() if k[0] != 2}
    fewer = HazardPredictor(replace(served, model=replace(served.model, models=kept)))
    with pytest.raises(ModelInputError, match="'stage_2' was not fitted"):
        fewer.answer(USUAL, stratum=2, site=DEMO_SITE, level=LEVEL)
    fewer.answer(USUAL, stratum=1, site=DEMO_SITE, level=LEVEL)


def test_a_group_that_no_fit_here_reads_has_no_price():
    served = load_hazard(DECISION, artefact())
    kept = {k: v for k, v in served.model.models.items() if k != (1, True)}
    fewer = HazardPredictor(replace(served, model=replace(served.model, models=kept)))
    known = {k: v for k, v in USUAL.items() if k not in ("index60", "grs2")}
    got = fewer.answer(known, stratum=1, site=DEMO_SITE, level=LEVEL)
    assert got.missing == ("ogtt", "grs")
    assert [c.player for c in got.missing_costs] == ["grs"]


def test_without_a_domain_nothing_is_said():
    served = load_hazard(DECISION, artefact())
    blind = {k: replace(v, domain=None) for k, v in served.model.models.items()}
    broken = HazardPredictor(replace(served, model=replace(served.model, models=blind)))
    with pytest.raises(ModelInputError, match="too few people to tell who is unusual"):
        broken.answer(USUAL, stratum=1, site=DEMO_SITE, level=LEVEL)


def test_the_active_version_serves(tmp_path):
    with pytest.raises(ArtefactError, match="no model is active"):
        load_hazard_predictor(DECISION, tmp_path)
    (tmp_path / artifact.ACTIVE).write_text(json.dumps({"version": "0.0.1"}))
    (tmp_path / "0.0.1").symlink_to(artefact())
    loaded = load_hazard_predictor(DECISION, tmp_path)
    assert loaded.identity == predictor().identity
    assert loaded.design == t1d.DESIGN
