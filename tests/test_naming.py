"""Who is named in the evaluation: the very rule of the page, cautions apart."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from decision.clinical.assessment import Contrast, Interval
from decision.rules import preference
from models.interval import Ranges
from models.naming import comparable, courses, is_named, naming_of
from models.predictor import load_predictor
from tests.builders import make_answer
from tests.trained import about, artefact, cohort, patient, spec, vector

ENDS = st.sampled_from([-0.2, -0.05, -0.01, 0.0, 0.01, 0.05, 0.2])


def one(difference: float, low: float, high: float) -> Ranges:
    blank = np.zeros((1, 2))
    return Ranges(
        probability=blank,
        low=blank,
        high=blank,
        difference=np.array([difference]),
        sd=np.ones(1),
        difference_low=np.array([low]),
        difference_high=np.array([high]),
    )


@given(ends=st.tuples(ENDS, ENDS, ENDS).map(sorted), like=st.sampled_from([0, 19, 20, 21]))
def test_the_evaluation_names_whom_the_page_would_name(ends, like):
    """Otherwise the silence and the sign accuracy on the About page are of another rule."""
    low, difference, high = ends
    contrast = Contrast(
        a="tnfi",
        b="il6i",
        difference=difference,
        interval=Interval(low=low, high=high, level=0.9),
        probability_positive=0.5,
    )
    answer = replace(make_answer(), contrast=contrast, comparable=like)
    on_page = preference(spec(), answer, ()).treatment
    named = is_named(naming_of(spec()), one(difference, low, high), np.array([like]))
    assert named.tolist() == [on_page is not None]


def test_comparable_patients_are_counted_as_at_the_bedside():
    predictor = load_predictor(spec(), artefact())
    counts = np.array([s.courses for s in predictor._served.strata])
    assert counts[-1].tolist() == list(predictor._served.courses)
    rows = cohort(200, seed=21, held_out=True)
    training = cohort()
    like = comparable(about().strata, training, rows)
    rarer = courses(about().strata, training).min(axis=1)
    for i in range(0, rows.n, 10):
        label = predictor._overlap(vector(patient(rows, i)).values)[0]
        found = next(j for j, s in enumerate(about().strata) if s.label == label)
        assert like[i] == rarer[found]


def test_limits_come_from_the_decision():
    limits = dict(spec().thresholds)
    limits["naming_margin"] = replace(limits["naming_margin"], value=0.2)
    strict = naming_of(replace(spec(), thresholds=limits))
    enough = np.array([1_000])
    assert is_named(naming_of(spec()), one(0.1, 0.01, 0.2), enough).all()
    assert not is_named(strict, one(0.1, 0.01, 0.2), enough).any()
