"""Words of a record where Streamlit would read Markdown, and who is named where it matters."""

from __future__ import annotations

import dataclasses
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from decision.ui.components.markup import plain_label
from tests.fakes import COMPLETE, page_record, page_services
from tests.screens import bodies, opened, read, start

MARKS = r"""!"#$%&'()*+,-./:;<=>?@[\]^_`{|}~"""


@given(st.text(alphabet=MARKS + "aw1 "))
def test_no_mark_of_a_name_is_left_to_mean_anything(words):
    """A mark means something in Markdown only where no backslash stands before it."""
    label = plain_label(words)
    assert re.fullmatch(r"(\\[!-/:-@\[-`{-~]|[a-z0-9\s\u2060])*", label)
    assert read(label) == " ".join(words.split())


@pytest.mark.parametrize(
    "shortcode",
    [":smile:", ":material/warning:", "a -> b", "a <- b", "a -- b", "a >= b", "a ~= b"],
)
def test_signs_that_are_found_after_markdown_are_kept_apart(shortcode):
    """Drawn text is searched for these; without the backslashes they must not be there."""
    drawn = plain_label(f"A {shortcode} B").replace("\\", "")
    assert shortcode not in drawn
    assert drawn.replace("\u2060", "") == f"A {shortcode} B"


def test_a_name_on_the_worklist_is_a_plain_label():
    record = page_record("p1", *COMPLETE)
    named = dataclasses.replace(record.identity, name="![x](https://elsewhere.example/x.png)")
    at = start(page_services(dataclasses.replace(record, identity=named)))
    (button,) = at.button
    assert button.label == plain_label(named.name)


WHOSE = "<strong>Name of p1</strong> · born 1 Mar 1972 · no. MRN-7</p>"


def test_d12_who_it_is_stands_right_above_the_decision_and_the_entries():
    parts = bodies(opened(page_services(page_record("p1", *COMPLETE)))).split("\n")
    (decision,) = [p for p in parts if "<h2>Your decision</h2>" in p]
    (entry,) = [p for p in parts if "Kept for this patient" in p]
    for part in (decision, entry):
        assert WHOSE in part
