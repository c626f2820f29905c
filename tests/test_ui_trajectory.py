"""The course of the risk: a picture with one alternative, nothing that runs, numbers as a table."""

from __future__ import annotations

import dataclasses
import re

from hypothesis import given
from hypothesis import strategies as st

from decision.ui.components.trajectory import chart
from decision.ui.texts import trajectory
from tests.prognosis_pages import SITUATION, make_prognosis, prognosis_card

CARD = prognosis_card(make_prognosis((0.12, 0.23, 0.44)))
ALONE = prognosis_card(
    make_prognosis((0.12, 0.23, 0.44)), situation=dataclasses.replace(SITUATION, comparators=())
)


def percents(style: str, body: str) -> list[float]:
    (found,) = re.findall(rf'class="{style}" style="clip-path:polygon\(([^"]*)\)"', body)
    return [float(n) for n in re.findall(r"([\d.]+)%", found)]


def test_the_alternative_says_what_is_seen():
    said = trajectory.alternative(CARD)
    assert said.startswith(
        "The estimated risk rises from 0 now to 12 of 100 (7 to 17) by 1 year; 23 of 100 "
        "(17 to 29) by 2 years; 44 of 100 (36 to 52) by 5 years."
    )
    assert "A 60 of 100 by 2 years" in said
    assert "B 36 of 100 (30 to 42) by 5 years" in said
    assert "Published" not in trajectory.alternative(ALONE)


def test_it_is_one_picture_for_whoever_hears_it():
    body = chart(CARD)
    assert body.count('role="img"') == 1
    assert f'aria-label="{trajectory.alternative(CARD)}"' in body


def test_it_holds_nothing_that_a_page_would_take_out_or_block():
    body = chart(CARD)
    assert set(re.findall(r"<(\w+)", body)) <= set(
        "section h2 div i b span p details summary table thead tbody tr th td".split()
    )
    assert "url(" not in body
    assert "on" not in {name[:2] for name in re.findall(r" (\w+)=", body)}


@given(st.tuples(*[st.floats(0, 1)] * 3).map(lambda r: tuple(sorted(r))), st.floats(0, 0.4))
def test_every_shape_stays_inside_the_chart(found, half):
    if found[-1] < 1e-6:
        return
    body = chart(prognosis_card(make_prognosis(found, half=half / 2)))
    for style in ("tr-band", "tr-curve"):
        drawn = percents(style, body)
        assert drawn
        assert all(0 <= n <= 100 for n in drawn)


def test_the_scale_is_0_to_100_whatever_the_risks_are():
    for risks in ((0.001, 0.002, 0.004), (0.5, 0.8, 0.95)):
        rules = re.findall(r'class="tr-rule" style="top:(\d+)%"><b>(\d+)</b>', chart_of(risks))
        assert rules == [("100", "0"), ("75", "25"), ("50", "50"), ("25", "75"), ("0", "100")]


def chart_of(risks: tuple[float, float, float]) -> str:
    return chart(prognosis_card(make_prognosis(risks, half=0.001)))


def test_each_horizon_is_marked_where_its_risk_is():
    marked = re.findall(r'class="tr-point" style="left:([\d.]+)%;top:([\d.]+)%"', chart(CARD))
    assert [(float(x), float(y)) for x, y in marked] == [(20, 88), (40, 77), (100, 56)]


def test_published_marks_stand_aside_so_that_none_hides_another():
    asides = re.findall(r'class="tr-diamond" style="left:(calc\([^)]*\))', chart(CARD))
    assert len(set(asides)) == len(asides) == 3


def test_the_legend_needs_no_colour():
    said = trajectory.legend(CARD)
    assert said.startswith("Line and discs: our estimate; shaded: likely range (90 %).")
    assert "A Published risk by stage; B Published risk by number of antibodies" in said
    assert "Diamonds" not in trajectory.legend(ALONE)


def test_the_table_has_the_years_and_the_horizons_as_they_were_given():
    assert [row[0] for row in trajectory.rows(CARD)] == [
        "1 year",
        "2 years",
        "3 years",
        "4 years",
        "5 years",
    ]
    assert trajectory.rows(CARD)[-1] == ("5 years", "44 of 100", "36 to 52")
    assert ("2 years", "60 of 100", "Published risk by stage") in trajectory.beside(CARD)


def test_a_course_of_one_moment_is_no_chart():
    card = dataclasses.replace(CARD, answer=dataclasses.replace(CARD.answer, curve=()))
    assert chart(card) == ""


def test_a_number_near_the_axis_stands_above_its_point():
    assert chart_of((0.02, 0.03, 0.07)).count("tr-above") == 2
    assert "tr-above" not in chart_of((0.2, 0.3, 0.4))


def test_r04_the_line_steps_back_where_the_range_comes_first():
    assert "tr-vague" in chart(prognosis_card(make_prognosis(half=0.3)))
    assert "tr-vague" not in chart(CARD)
