"""Compare and reasons in real Chromium: what a chart library may get wrong, looked at as drawn."""

from __future__ import annotations

import itertools
import re
from contextlib import contextmanager

import pytest
from playwright.sync_api import Page, expect

from benchmarks.screens import CARD, RISK, STOP
from tests.test_browser import address, browser, choose, trail, visit

__all__ = ["address", "browser", "trail"]

LABELS = """(place) => {
  const svg = document.querySelector(`.st-key-${place} svg.marks`);
  return [...svg.querySelectorAll('.role-axis-label text')]
    .filter((t) => t.getAttribute('text-anchor') === 'end' && !/^[−-]?\\d+$/.test(t.textContent))
    .map((t) => { const b = t.getBoundingClientRect();
      return {text: t.textContent, top: b.top, middle: (b.top + b.bottom) / 2, left: b.left}; })
    .sort((a, b) => a.top - b.top);
}"""
"""Labels of rows as they stand on the page, from top to bottom."""

MARKS = """(place) => {
  const svg = document.querySelector(`.st-key-${place} svg.marks`);
  return [...svg.querySelectorAll('.mark-rect path, .mark-symbol path, .mark-rule line')]
    .filter((m) => m.closest('.role-mark'))
    .map((m) => { const b = m.getBoundingClientRect();
      return {middle: (b.top + b.bottom) / 2, width: b.width, height: b.height,
              opacity: Number(m.getAttribute('opacity') ?? 1)}; });
}"""

CONTRAST = """(place) => {
  const parse = (c) => { const d = document.createElement('canvas').getContext('2d');
    d.fillStyle = c; d.fillRect(0, 0, 1, 1); return [...d.getImageData(0, 0, 1, 1).data]; };
  const lum = (c) => c.slice(0, 3).map((v) => v / 255)
    .map((v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((s, v, i) => s + v * [0.2126, 0.7152, 0.0722][i], 0);
  const ground = lum(parse(getComputedStyle(document.querySelector('[data-testid=stApp]'))
    .backgroundColor));
  return [...document.querySelectorAll(`.st-key-${place} svg.marks text`)]
    .filter((t) => !t.getAttribute('stroke'))
    .map((t) => lum(parse(t.getAttribute('fill'))))
    .map((l) => (Math.max(l, ground) + 0.05) / (Math.min(l, ground) + 0.05));
}"""
"""Contrast of every text of a chart with the page, which no checker of pages looks at."""

CHARTS = (
    *("chart-ranges", "chart-difference", "chart-why-0", "chart-why-1", "chart-why-both"),
    *("chart-why-gap", "chart-kinds", "chart-checked-0", "chart-checked-1"),
)
FOLDS = 3


@contextmanager
def compared(browser, address, name=CARD, **options):
    with visit(browser, address, **options) as page:
        choose(page, name)
        page.get_by_role("link", name="Compare and reasons").click()
        expect(page.get_by_role("heading", level=1, name="Compare and reasons")).to_be_visible()
        unfolded(page)
        yield page


def unfolded(page: Page) -> None:
    """What is drawn on request, each part opened by its title."""
    for place in range(FOLDS):
        part = page.locator(f".st-key-fold-{place}-part")
        part.locator("summary").first.click()
        part.locator("svg.marks").first.wait_for()


def drawn(page: Page, place: str) -> list[dict]:
    page.locator(f".st-key-{place} svg.marks").wait_for()
    return page.evaluate(LABELS, place)


def said(page: Page, place: str) -> list[str]:
    """The rows that the alternative text names, in its order."""
    chart = page.locator(f".st-key-{place} [role=graphics-document]")
    told = chart.get_attribute("aria-label").partition(": ")[2]
    return [re.sub(r" [+−]?\d+\.?$", "", row) for row in told.split("; ")]


def plain(words: str) -> str:
    return re.sub(r"[^a-z0-9]", "", words.lower())


def tried(page: Page, label: str, value: str, echo: str) -> None:
    page.get_by_label(label).fill(value)
    page.get_by_label(label).press("Enter")
    expect(page.locator(".st-key-whatif-done").last).to_contain_text(echo)


@pytest.mark.parametrize("width", [1024, 420])
def test_every_row_has_its_label_beside_its_mark_in_the_order_that_is_said(browser, address, width):
    with compared(browser, address, viewport={"width": width, "height": 900}) as page:
        for place in ("chart-why-0", "chart-why-1", "chart-why-both", "chart-why-gap"):
            labels, rows = drawn(page, place), said(page, place)
            assert len(labels) == len(rows), place
            for label, row in zip(labels, rows, strict=True):
                # A date stands in the words only, and a long label ends in an ellipsis.
                assert plain(row).startswith(plain(label["text"])[:12]), (label, row)
            pitch = [b["middle"] - a["middle"] for a, b in itertools.pairwise(labels)]
            assert min(pitch) >= 24
            middles = {round(m["middle"]) for m in page.evaluate(MARKS, place) if m["width"] > 2}
            for label in (labels[0], labels[-1]):
                assert min(abs(label["middle"] - m) for m in middles) <= 3, label


def test_rows_keep_their_order_after_several_what_ifs(browser, address):
    with compared(browser, address) as page:
        for value in ("120", "20", "60"):
            tried(page, "CRP (mg/L)", value, f"CRP {value} mg/L instead of")
            expect(page.locator(".st-key-chart-whatif svg.marks")).to_have_count(1)
            assert [x["text"] for x in drawn(page, "chart-whatif")] == ["As it is", "Hypothetical"]
        before = [x["text"] for x in drawn(page, "chart-why-gap")]
        assert len(before) == len(said(page, "chart-why-gap"))


@pytest.mark.parametrize("first", ["light", "dark"])
def test_texts_of_charts_follow_a_theme_that_is_switched_while_open(browser, address, first):
    with compared(browser, address, color_scheme=first) as page:
        for scheme in (first, "dark" if first == "light" else "light"):
            page.emulate_media(color_scheme=scheme)
            page.wait_for_function(
                "(dark) => { const c = getComputedStyle(document.querySelector("
                "'[data-testid=stApp]')).backgroundColor.match(/\\d+/g).map(Number);"
                " return (c[0] < 128) === dark; }",
                arg=scheme == "dark",
            )
            for place in CHARTS:
                page.wait_for_function(f"(p) => Math.min(...({CONTRAST})(p)) >= 4.5", arg=place)
                assert page.evaluate(CONTRAST, place)


def test_marks_are_drawn_whole_and_icons_are_a_hundred(browser, address):
    with compared(browser, address) as page:
        for place in ("chart-ranges", "chart-why-0", "chart-kinds"):
            marks = page.evaluate(MARKS, place)
            assert marks
            assert all(m["opacity"] == 1 for m in marks)
        for icons in page.locator(".tr-icons").all():
            marks = icons.locator("i")
            assert marks.count() == 100
            visible = "e => [...e.children].every(i => i.getBoundingClientRect().width > 5)"
            assert icons.evaluate(visible)


def test_both_drugs_stand_on_one_scale(browser, address):
    ticks = """(p) => [...document.querySelectorAll(`.st-key-${p} .role-axis-label text`)]
      .filter((t) => t.getAttribute('text-anchor') !== 'end').map((t) => t.textContent)"""
    with compared(browser, address) as page:
        one, other = (page.evaluate(ticks, p) for p in ("chart-why-0", "chart-why-1"))
        assert one == other != []
        assert page.evaluate(ticks, "chart-ranges")[0] == "0"
        assert page.evaluate(ticks, "chart-ranges")[-1] == "100"


def test_r08_what_is_tried_is_not_printed_and_no_chart_of_it_can_be_taken_away(browser, address):
    with compared(browser, address) as page:
        tried(page, "CRP (mg/L)", "20", "Hypothetical: CRP 20 mg/L instead of")
        tools = page.locator("[class*=st-key-chart-] [data-testid=stElementToolbar]")
        assert tools.count() > 0
        assert not any(tool.is_visible() for tool in tools.all())
        page.emulate_media(media="print")
        for place in (".st-key-whatif-done", ".st-key-whatif-fields"):
            assert not any(part.is_visible() for part in page.locator(place).all())
        expect(page.locator(".tr-cards").first).to_be_visible()


def test_r08_a_reset_by_keyboard_brings_the_patients_values_back(browser, address):
    with compared(browser, address) as page:
        own = page.get_by_label("CRP (mg/L)").input_value()
        tried(page, "CRP (mg/L)", "20", "Hypothetical: CRP 20 mg/L instead of")
        page.get_by_role("button", name="Back to the patient's values").focus()
        page.keyboard.press("Enter")
        expect(page.get_by_text("Nothing is changed")).to_be_visible()
        assert page.get_by_label("CRP (mg/L)").input_value() == own


def test_adding_a_drug_beside_is_one_click_and_says_so(browser, address):
    with compared(browser, address) as page:
        page.get_by_text("Stop methotrexate and every other csDMARD").click()
        done = page.locator(".st-key-whatif-done").last
        expect(done).to_contain_text("no methotrexate or other csDMARD instead of taking")
        expect(done).to_contain_text("Cautions are not recomputed")


@pytest.mark.parametrize("name", [CARD, STOP, RISK])
@pytest.mark.parametrize("width", [420, 320])
def test_nothing_is_cut_off_on_a_narrow_screen(browser, address, name, width):
    with compared(browser, address, name, viewport={"width": width, "height": 900}) as page:
        wide = page.evaluate(
            "() => [...document.querySelectorAll('[data-testid=stMain], .tr, svg.marks')]"
            ".map((e) => [e.className?.baseVal ?? e.className, e.getBoundingClientRect().right])"
            ".filter(([, right]) => right > innerWidth + 1)"
        )
        assert wide == []
        cut = page.evaluate(
            "() => [...document.querySelectorAll('svg.marks')].flatMap((s) => {"
            " const box = s.getBoundingClientRect();"
            " return [...s.querySelectorAll('text')].filter((t) => {"
            "  const b = t.getBoundingClientRect();"
            "  return b.left < box.left - 1 || b.right > box.right + 1; })"
            "  .map((t) => t.textContent); })"
        )
        assert cut == []


def test_r07_what_is_drawn_of_reasons_and_checks_is_drawn_on_request_alone(browser, address):
    with visit(browser, address) as page:
        choose(page, CARD)
        page.get_by_role("link", name="Compare and reasons").click()
        parts = page.locator("[class*=st-key-fold-][class*=-part]")
        expect(parts).to_have_count(FOLDS)
        expect(page.get_by_role("heading", name="Moves the gap")).to_be_visible()
        expect(parts.locator("svg.marks")).to_have_count(0)
        parts.first.locator("summary").first.press("Enter")
        expect(parts.first.locator("svg.marks")).to_have_count(4)
        expect(parts.nth(1).locator("svg.marks")).to_have_count(0)


def test_the_mark_of_a_fold_is_drawn_and_never_the_name_of_a_letter(browser, address):
    """As a word it stands over the title while its font is on the way, or for good without it."""
    with visit(browser, address) as page:
        choose(page, CARD)
        mark = page.locator("summary [data-testid=stIconMaterial]").first
        expect(mark).to_be_visible()
        assert mark.evaluate("e => [e.offsetWidth, getComputedStyle(e).fontSize]") == [16, "0px"]
        assert mark.evaluate("e => getComputedStyle(e, '::before').borderRightWidth") == "2px"


def test_patient_and_reasons_are_one_click_apart(browser, address):
    with compared(browser, address) as page:
        page.get_by_role("link", name="Patient", exact=True).click()
        expect(page.locator("h1.tr-name")).to_be_visible()
        page.get_by_role("link", name="Compare and reasons").click()
        expect(page.get_by_role("heading", level=1, name="Compare and reasons")).to_be_visible()
