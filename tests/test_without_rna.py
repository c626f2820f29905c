"""RNA taken away: the answer is that of the missing flag, its ranges widen, and the page says how
much (must-show 4 of the transcriptome's issue).
"""

from __future__ import annotations

import dataclasses
import json
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from benchmarks.without_rna import below_quorum, measure, patients, ranged, without_values
from decision.assess import Context, assess
from decision.clinical.assessment import ComparisonCard
from decision.clinical.features import Found
from decision.clinical.record import PatientRecord
from decision.clinical.spec import Modality
from decision.rules import derive_features
from decision.ui.texts import expression as words
from fhir.bundles import FolderSource
from tests.builders import AS_OF, ListAuditLog
from tests.test_expression_record import DEMO, decision, document, record

ROOT = Path(__file__).parent.parent
BOTH = ("interferon-score", "tnfi-nonresponse-score")
SIMULATED_SITE = "simulated-demo"


def card(of: PatientRecord) -> ComparisonCard:
    context = Context(agent="test", site=SIMULATED_SITE, now=AS_OF)
    found = assess(of, decision().spec, decision().predictor, ListAuditLog(), context)
    assert isinstance(found, ComparisonCard)
    return found


@cache
def demo() -> PatientRecord:
    return FolderSource(DEMO.parent).load("demo-08")


def flagged(of: PatientRecord):
    """The model's own answer when it is told that the kind of data is absent: one of its scores is
    there, which is below the quorum.
    """
    spec = decision().spec
    left = dataclasses.replace(
        of,
        observations=tuple(
            o for o in of.observations if not spec.codelists["interferon_score"].matches(o.codes)
        ),
    )
    features = derive_features(left, spec)
    assert isinstance(features["tnfi_nonresponse_score"], Found)
    return decision().predictor.answer(
        features, site=SIMULATED_SITE, level=spec.thresholds["interval_level"].value
    )


def width(answer) -> float:
    return answer.contrast.interval.width


def test_the_answer_without_rna_is_that_of_the_missing_flag(tmp_path):
    gone = card(record(tmp_path, without=BOTH)).answer
    told = flagged(demo())
    assert Modality.TRANSCRIPTOMIC in gone.absent_modalities
    assert gone.predictions == told.predictions
    assert gone.contrast == told.contrast
    assert gone.explanation == told.explanation


def test_a_file_that_cannot_be_used_leaves_the_answer_of_the_missing_flag(tmp_path):
    bad = card(record(tmp_path, document(b"x", platform="another"), without=BOTH)).answer
    assert bad.predictions == flagged(demo()).predictions


def test_the_range_of_the_difference_widens_and_the_page_says_by_how_much(tmp_path):
    """The page with RNA and the page without it say the same number, and it is that of both
    answers' own ranges.
    """
    seen, blind = card(demo()), card(record(tmp_path, without=BOTH))
    wider = width(blind.answer) - width(seen.answer)
    assert wider > 0.05
    said = words.worth(seen)
    assert f"the range of the difference is {round(100 * wider)} of 100 narrower" in said
    worth = next(w for w in seen.answer.worths if w.modality is Modality.TRANSCRIPTOMIC)
    assert worth.difference == pytest.approx(wider, abs=1e-12)
    for now, then in zip(seen.answer.predictions, blind.answer.predictions, strict=True):
        grown = then.interval.width - now.interval.width
        assert worth.arms[now.treatment] == pytest.approx(grown, abs=1e-12)


def test_where_rna_is_missing_the_page_says_what_it_would_narrow(tmp_path):
    """Measured at the values expected, the estimate stays and only the range is another."""
    blind = card(record(tmp_path, without=BOTH))
    worth = next(w for w in blind.answer.worths if w.modality is Modality.TRANSCRIPTOMIC)
    assert not worth.measured
    assert min(worth.difference, *worth.arms.values()) > 0.0
    said = words.worth(blind)
    assert re.search(rf"difference is {round(100 * worth.difference)} of 100 wider", said)
    costs = {c.player: c.wider for c in blind.answer.missing_costs}
    assert worth.difference > max(costs["interferon_score"], costs["tnfi_nonresponse_score"])


def test_over_many_patients_the_answer_without_is_the_flags_and_most_ranges_widen():
    """Not all do, and none is made to: an extreme score may add more doubt than it takes away."""
    found = measure(150, seed=7)
    assert found["largest_difference_from_the_flag"] == 0.0
    assert found["patients"] >= 100
    assert found["difference"]["share_wider"] > 0.85
    assert found["difference"]["median_points"] > 8.0


def test_what_is_left_below_the_quorum_is_not_looked_at():
    served, table, level = patients(40, seed=8)
    gone, _ = ranged(served, without_values(served, table), level)
    changed = below_quorum(served, table)
    left = next(f for f in changed if not np.array_equal(
        changed[f], without_values(served, table)[f], equal_nan=True))  # fmt: skip
    other, _ = ranged(served, {**changed, left: changed[left] + 3.0}, level)
    assert np.array_equal(gone.probability, other.probability)
    assert np.array_equal(gone.difference_low, other.difference_low)


def test_the_command_prints_its_figures_as_one_line():
    ran = subprocess.run(
        [sys.executable, "-m", "benchmarks.without_rna", "--json", "--n", "30"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    found = json.loads(ran.stdout)
    assert found["cohort"] == "SIMULATED"
    assert set(found["arms"]) == {t.id for t in decision().spec.treatments}
