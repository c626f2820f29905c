"""What each decision shows over time: every series resolves, every limit says whose it is."""

from __future__ import annotations

import dataclasses
from datetime import date

import pytest

from decision import catalog
from decision.catalog.validate import problems_of
from decision.clinical.local import Local
from decision.clinical.spec import DecisionSpec

ON = date(2026, 11, 22)
SPECS = tuple(catalog.discover(Local(jurisdiction="US")).values())
SPEC = next(s for s in SPECS if any(t.parts for t in s.trends))


@pytest.mark.parametrize("spec", SPECS, ids=lambda s: s.id)
def test_every_decision_says_what_it_shows_over_time(spec: DecisionSpec):
    assert len(spec.trends) > 5
    assert all(t.label and t.short and t.group for t in spec.trends)
    groups = [t.group for t in spec.trends]
    assert groups == sorted(groups, key=groups.index)  # the members of a group stand together


@pytest.mark.parametrize("spec", SPECS, ids=lambda s: s.id)
def test_every_limit_has_its_meaning_its_source_and_a_place_on_a_numeric_axis(spec: DecisionSpec):
    guides = [(t, g) for t in spec.trends for g in t.guides(ON)]
    assert guides
    for trend, guide in guides:
        assert guide.words
        assert guide.citation
        assert trend.unit


def test_limits_are_those_of_the_place_and_none_where_it_has_no_rules():
    def limits(jurisdiction: str) -> int:
        spec = catalog.discover(Local(jurisdiction=jurisdiction))[PROGNOSIS]
        return sum(len(t.guides(ON)) for t in spec.trends)

    assert limits("US") > 0
    assert limits("") == 0


PROGNOSIS = next(s.id for s in SPECS if s.prognosis is not None)


def changed(**fields: object) -> DecisionSpec:
    first, *rest = SPEC.trends
    return dataclasses.replace(SPEC, trends=(dataclasses.replace(first, **fields), *rest))


@pytest.mark.parametrize(
    ("spec", "told"),
    [
        (changed(parts=("nothing",)), "needs part 'nothing', which no measured trend is"),
        (changed(compute=None), "parts go with compute and only with it"),
        (changed(concepts=("crp",)), "needs concepts or parts, and not both"),
        (changed(id=SPEC.trends[1].id), "is defined 2 times"),
        (changed(feature="nothing"), "names feature 'nothing', which does not exist"),
        (
            changed(parts=(), compute=None, concepts=("nothing",)),
            "names concept 'nothing', which has no code list",
        ),
    ],
)
def test_a_series_that_cannot_be_drawn_is_refused(spec: DecisionSpec, told: str):
    assert any(told in problem for problem in problems_of(spec, SPEC.id))
    assert problems_of(SPEC, SPEC.id) == ()


def test_a_broken_trends_module_names_its_file_and_line(tmp_path, monkeypatch):
    package = tmp_path / "decisions_with_trends"
    folder = package / SPEC.id
    folder.mkdir(parents=True)
    (package / "__init__.py").write_text("")
    (folder / "__init__.py").write_text("")
    spec = f"from decision.catalog.{SPEC.id}.spec import SPEC\n"
    (folder / "spec.py").write_text(spec)
    (folder / "trends.py").write_text("def trends(local):\n    return (nothing,)\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(catalog.SpecError, match=r"trends\.py:2"):
        catalog.load(SPEC.id, package=package.name, root=package)
