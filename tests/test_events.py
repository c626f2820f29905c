"""Tables of events: what is refused, and that a split is by person or not at all."""

from __future__ import annotations

import inspect
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models import events
from models.events import (
    EventError,
    EventTable,
    SplitError,
    check_folds,
    people_in_folds,
    refuse_shared,
    train_and_test,
)
from models.hazard import ProgressionHazard
from models.landmark import Measurements, latest
from models.simulate import t1d
from models.simulate.t1d_natural import at_landmark, nearness, repeat_visits
from tests.progression import model, training


def table(n=6, **changed) -> EventTable:
    full = {
        "person": np.arange(n),
        "columns": ("a",),
        "X": np.zeros((n, 1)),
        "stratum": np.zeros(n, int),
        "without": {},
        "site": np.zeros(n, int),
        "entry": np.zeros(n),
        "left": np.ones(n),
        "right": np.full(n, np.inf),
        "treated": np.full(n, np.inf),
        "available": np.full(n, np.inf),
        "simulated": True,
        "description": "",
    }
    return EventTable(**(full | changed))


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"X": np.zeros((6, 2))}, "X has shape"),
        ({"site": np.zeros(5, int)}, "site has shape"),
        ({"entry": np.full(6, 2.0)}, "entry <= left"),
        ({"right": np.full(6, 0.5)}, "left <= right"),
        ({"entry": np.full(6, -1.0)}, "0 <= entry"),
        ({"person": np.arange(6.0) + 0.5}, "person is not one whole number"),
        ({"person": np.arange(6)[:, None]}, "person is not one whole number"),
    ],
)
def test_a_table_that_contradicts_itself_is_refused(changed, says):
    with pytest.raises(EventError, match=says):
        table(**changed)


def test_treatment_ends_the_follow_up_of_untreated_risk():
    t = table(
        4,
        left=np.array([3.0, 1.0, 3.0, 2.0]),
        right=np.array([np.inf, 4.0, np.inf, 2.5]),
        treated=np.array([2.0, 2.0, np.inf, 2.6]),
    ).untreated()
    assert t.left.tolist() == [2.0, 2.0, 3.0, 2.0]
    assert t.right.tolist() == [np.inf, np.inf, np.inf, 2.5]


def test_the_midpoint_is_used_for_events_only():
    time, event = table(2, right=np.array([np.inf, 2.0])).midpoint()
    assert time.tolist() == [1.0, 1.5]
    assert event.tolist() == [False, True]


# ---------------------------------------------------------------------------- splitting by person


@settings(max_examples=40)
@given(
    people=st.lists(st.integers(0, 12), min_size=5, max_size=60).filter(lambda p: len(set(p)) > 1),
    seed=st.integers(0, 99),
)
def test_no_person_is_ever_in_two_folds(people, seed):
    """Whatever the repeats: a person's visits would otherwise be learnt and scored at once."""
    person = np.array(people)
    folds = min(3, len(np.unique(person)))
    fold = people_in_folds(person, folds, seed)
    assert all(len(set(fold[person == p])) == 1 for p in set(people))
    assert len(set(fold)) == folds


def visits_table() -> EventTable:
    world = training()
    visits = repeat_visits(world, 1)
    parts = [at_landmark(world, visits, y) for y in (0.0, 1.0, 2.0)]
    arrays = ("person", "X", "stratum", "site", "entry", "left", "right", "treated", "available")
    joined = {f: np.concatenate([getattr(p, f) for p in parts]) for f in arrays}
    blind = np.concatenate([p.without[t1d.RESTAGED] for p in parts])
    return replace(parts[0], **joined, without={t1d.RESTAGED: blind})


def test_a_split_by_sample_is_an_error_everywhere():
    """Three landmarks a person: every public way to split either goes by person or raises."""
    t = visits_table()
    assert len(np.unique(t.person)) < t.n
    by_sample = np.arange(t.n) % 5
    with pytest.raises(SplitError, match="split by sample"):
        check_folds(t.person, by_sample)
    with pytest.raises(SplitError, match="split by sample"):
        ProgressionHazard(t1d.DESIGN).fit(t, fold=by_sample)
    with pytest.raises(SplitError, match="both sides"):
        refuse_shared(t.rows(np.arange(0, t.n, 2)), t.rows(np.arange(1, t.n, 2)))
    for train, test in train_and_test(t, 5, 1):
        refuse_shared(train, test)
        assert train.n + test.n == t.n


def test_no_public_split_takes_anything_but_people():
    """There is no parameter by which a caller could ask for rows."""
    for name in ("people_in_folds", "train_and_test"):
        taken = list(inspect.signature(getattr(events, name)).parameters)
        assert taken[0] in ("person", "table")
        assert taken[1:] == ["folds", "seed"]


def test_a_split_by_sample_would_have_looked_good():
    """Outcomes that no marker knows: nearest neighbours on repeat visits find the person again."""
    rng = np.random.default_rng(3)
    person = np.repeat(np.arange(120), 5)
    X = rng.standard_normal((120, 6))[person] + 0.1 * rng.standard_normal((600, 6))
    y = rng.integers(0, 2, 120)[person]

    def accuracy(fold):
        right = 0
        for f in range(5):
            at = fold == f
            d = ((X[at][:, None] - X[~at][None]) ** 2).sum(axis=2)
            right += int((y[~at][d.argmin(axis=1)] == y[at]).sum())
        return right / len(y)

    assert accuracy(np.arange(600) % 5) > 0.95
    assert accuracy(people_in_folds(person, 5, 1)) < 0.62


def test_folds_need_people_and_one_number_per_row():
    with pytest.raises(SplitError, match="2 people cannot fill 5 folds"):
        people_in_folds(np.array([1, 1, 2]), 5, 0)
    for few in (1, 0, -2):
        with pytest.raises(SplitError, match="at least 2"):
            people_in_folds(np.arange(9), few, 0)
    with pytest.raises(SplitError, match="nobody out"):
        ProgressionHazard(t1d.DESIGN, folds=1).fit(training().table)
    with pytest.raises(SplitError, match="nobody out"):
        ProgressionHazard(t1d.DESIGN).fit(training().table, fold=np.zeros(training().table.n, int))
    with pytest.raises(SplitError, match="one per row"):
        check_folds(np.arange(3), np.zeros(2, int))


# -------------------------------------------------------------------------------------- landmarks


def test_the_latest_known_value_by_the_landmark_is_read():
    visits = Measurements(
        person=np.array([7, 7, 7, 9]),
        years=np.array([2.0, 0.0, 1.0, 3.0]),
        values={"hba1c": np.array([6.0, 5.0, np.nan, 5.5])},
    )
    found = latest(visits, np.array([9, 7]), 1.5)["hba1c"]
    assert np.isnan(found[0])
    assert found[1] == 5.0
    assert latest(visits, np.array([9, 7]), 3.0)["hba1c"].tolist() == [5.5, 6.0]


def test_nothing_after_the_landmark_moves_a_prediction():
    """Every later value is made absurd; the table and the risks stay what they were."""
    world = training()
    visits = repeat_visits(world, 1)
    later = visits.years > 1.0
    assert later.sum() > 1_000
    edited = replace(
        visits,
        values={k: np.where(later, 9.0, v) for k, v in visits.values.items()},
    )
    before, after = at_landmark(world, visits, 1.0), at_landmark(world, edited, 1.0)
    assert np.array_equal(before.X, after.X, equal_nan=True)
    assert np.array_equal(before.stratum, after.stratum)
    changed = at_landmark(world, edited, 2.0)
    assert not np.array_equal(at_landmark(world, visits, 2.0).X, changed.X, equal_nan=True)


def test_only_people_free_of_the_event_and_followed_are_in_a_landmark():
    world = training()
    visits = repeat_visits(world, 1)
    landmark = at_landmark(world, visits, 2.0)
    source = np.isin(world.table.person, landmark.person)
    assert (world.table.right[source] > 2.0).all()
    assert (world.table.treated[source] > 2.0).all()
    assert landmark.left == pytest.approx(np.maximum(world.table.left[source] - 2.0, 0.0))
    assert model().design.columns == landmark.columns


def test_who_is_diagnosed_soon_after_a_landmark_is_in_it():
    """To ask for a visit after the landmark would select by the future: nobody would fall ill."""
    world = training()
    landmark = at_landmark(world, repeat_visits(world, 1), 2.0)
    table = world.table
    soon = (table.right > 2.0) & (table.right <= 2.5) & (table.treated > 2.0)
    assert soon.sum() > 20
    assert (soon & (table.left < 2.0)).sum() > 5
    assert np.isin(table.person[soon], landmark.person).all()


def test_a_second_antibody_changes_the_stratum_at_a_landmark():
    world = training()
    landmark = at_landmark(world, repeat_visits(world, 1), 3.0)
    entered = world.table.stratum[np.isin(world.table.person, landmark.person)]
    assert ((entered == 0) & (landmark.stratum > 0)).sum() > 3
    assert ((entered > 0) & (landmark.stratum == 0)).sum() == 0


def test_markers_worsen_towards_onset():
    assert nearness(np.array([0.0, -1.0])).tolist() == [1.0, 1.0]
    assert (np.diff(nearness(np.linspace(0, 5, 20))) < 0).all()


def test_visits_of_unequal_columns_are_refused():
    with pytest.raises(EventError, match="hba1c"):
        Measurements(person=np.arange(2), years=np.zeros(2), values={"hba1c": np.zeros(3)})
