"""A notice as a card: within the limits of CDS Hooks 2.0, nothing empty, nothing read as markup."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from decision.clinical.notice import Notice
from fhir.hooks.cards import card, escape

UUID = "4e0a3a1e-3283-4575-ab82-028d55fe2719"
LAUNCH = "https://cds.example.org/launch"
_ESCAPED = re.compile(r"\\([!-/:-@\[-`{-~])")


def made(**changes):
    given_ = {
        "summary": "STOP for a TNF inhibitor: demyelination.",
        "points": ("One thing.", "Another."),
        "reasons": (("formulary", "Formulary"),),
        "decision": "test_decision",
        "audit_id": "audit-1",
    } | changes
    return card(Notice(**given_), UUID, LAUNCH)


def empty(value) -> bool:
    """Whether anything in it is what CDS Hooks forbids: null, "", [] or {}."""
    if value is None or value in ("", [], {}):
        return True
    inside = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return any(map(empty, inside))


def test_a_card_has_what_the_specification_requires_and_one_smart_link():
    found = made()
    assert found["uuid"] == UUID
    assert found["indicator"] == "info"
    assert found["source"] == {"label": "Treatment response decision support"}
    assert found["links"] == [
        {
            "label": "Open estimates, reasons and cautions",
            "url": LAUNCH,
            "type": "smart",
            "appContext": UUID,
        }
    ]
    assert found["overrideReasons"][0]["display"] == "Formulary"
    assert found["detail"] == "- One thing.\n- Another."


def test_a_card_suggests_nothing_to_be_done_for_anybody():
    assert "suggestions" not in made()
    assert "selectionBehavior" not in made()


def test_without_points_or_reasons_the_members_are_left_out():
    found = made(points=(), reasons=())
    assert not empty(found)
    assert {"detail", "overrideReasons"}.isdisjoint(found)


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("a *b* _c_", r"a \*b\* \_c\_"),
        ("[x](https://e.org)", "\\[x\\](https:\u2060//e.org)"),
        ("<script>", r"\<script\>"),
        ("1. first", r"1\. first"),
        ("- item", r"\- item"),
        ("# head", r"\# head"),
        ("a|b", r"a\|b"),
        ("www.e.org", "www\u2060.e.org"),
        ("a\nb\tc\u2028d", "a b c d"),
        ("CRP 12.5 mg/L (2026-11-09)", "CRP 12.5 mg/L (2026-11-09)"),
    ],
)
def test_text_is_shown_as_it_is_written(written, shown):
    assert escape(written) == shown


@given(st.text(max_size=200))
@example("\\`*_{}[]<>#|~!&$^")
@example("https://a www.b c@d")
def test_escaped_text_reads_back_as_it_was_and_holds_no_bare_markup(words):
    """Text of a chart must stay text: whatever a record holds, a card shows and never runs it."""
    escaped = escape(words)
    printable = "".join(c if c.isprintable() else " " for c in words)  # \u2060 is not
    assert _ESCAPED.sub(r"\1", escaped).replace("\u2060", "") == " ".join(printable.split())
    bare = _ESCAPED.sub("", escaped)
    assert not re.search(r"[\\`*_{}\[\]<>#|~!&$^]", bare)
    assert not re.search(r"(?i)://|www\.|@(?!\u2060)", escaped)
    assert "\n" not in escaped


@given(
    summary=st.text(min_size=1, max_size=400),
    points=st.lists(st.text(max_size=100), max_size=6),
    reasons=st.lists(st.tuples(st.text(max_size=10), st.text(max_size=10)), max_size=4),
)
def test_no_card_exceeds_its_limits(summary, points, reasons):
    """The last line of defence: a longer summary is refused by some clients, as a whole card."""
    found = made(summary=f"x{summary}", points=tuple(points), reasons=tuple(reasons))
    assert 0 < len(found["summary"]) < 140
    assert found["summary"].isprintable()
    assert found["indicator"] in ("info", "warning", "critical")
    assert not empty(found)
    assert len(found["links"]) == 1
    assert all(reason["display"] for reason in found.get("overrideReasons", []))
