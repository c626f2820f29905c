"""What one browser session remembers, and what it must never mix."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

import decision.ui.session as session_module
from decision.ui import services
from tests.fakes import page_record, page_services
from tests.screens import go, shown, start

UI = Path(session_module.__file__).parent


def in_session(script) -> dict[str, object]:
    """Run a function inside a Streamlit session and give back what it left there."""
    at = AppTest.from_function(script).run()
    assert len(at.exception) == 0
    return dict(at.session_state["found"])


def test_a_new_patient_gets_widgets_that_no_earlier_patient_has_touched():
    def script():
        import streamlit as st

        from decision.ui import session

        session.choose("p1")
        first = session.widget_key("tender")
        session.choose("p2")
        second = session.widget_key("tender")
        session.choose("p1")
        st.session_state["found"] = {"keys": {first, second, session.widget_key("tender")}}

    assert len(in_session(script)["keys"]) == 3


def test_a_file_sent_for_one_patient_is_gone_when_another_is_chosen_or_the_visit_ends():
    def script():
        import streamlit as st
        from streamlit.runtime.scriptrunner import get_script_run_ctx
        from streamlit.runtime.uploaded_file_manager import UploadedFileRec

        from decision.ui import session

        context = get_script_run_ctx()
        files, mine = context.uploaded_file_mgr, context.session_id
        left = []
        for then in (lambda: session.choose("p2"), session.read_again, session.forget):
            files.add_file(mine, UploadedFileRec("f1", "sample.tsv", "text/plain", b"x"))
            sent = len(files.get_files(mine, ["f1"]))
            then()
            left.append((sent, len(files.get_files(mine, ["f1"]))))
        st.session_state["found"] = {"left": left}

    assert in_session(script)["left"] == [(1, 0)] * 3


def test_a_choice_overtaken_by_a_link_does_not_wait_for_the_next_visit_to_the_worklist():
    at = start(page_services(page_record("p1")))
    at.session_state["just_chosen"] = True
    go(at, "about")
    assert "Worklist" in shown(go(at, ""))


def test_a_chart_is_only_found_after_its_record_was_read_for_this_opening():
    def script():
        import streamlit as st

        from decision.ui import session
        from tests.fakes import page_record

        session.choose("p1")
        before = session.chart("v", "p1")
        session.file_chart("v", page_record("p1"), ("d",))
        after = session.chart("v", "p1")
        other = session.chart("v", "p2")
        session.choose("p1")
        st.session_state["found"] = {
            "before": before,
            "after": after,
            "other": other,
            "again": session.chart("v", "p1"),
        }

    found = in_session(script)
    assert found["before"] is None
    assert found["after"].record == page_record("p1")
    assert found["other"] is None
    assert found["again"] is None


def test_a_chart_filed_under_another_patient_is_never_handed_out():
    def script():
        import streamlit as st

        from decision.ui import session
        from tests.fakes import page_record

        session.file_chart("v", page_record("p1"), ("d",))
        charts = st.session_state["charts"]
        charts["v", "p2"] = charts["v", "p1"]
        try:
            session.chart("v", "p2")
            refused = False
        except session.WrongPatientError:
            refused = True
        st.session_state["found"] = {"refused": refused}

    assert in_session(script)["refused"] is True


def test_a_long_clinic_keeps_only_the_latest_charts_in_memory():
    def script():
        import streamlit as st

        from decision.ui import session
        from tests.fakes import page_record

        for number in range(30):
            session.file_chart("v", page_record(f"p{number}"), ("d",))
        st.session_state["found"] = {
            "kept": len(st.session_state["charts"]),
            "latest": session.chart("v", "p29") is not None,
        }

    assert in_session(script) == {"kept": 20, "latest": True}


def test_a_stop_is_shown_once():
    def script():
        import streamlit as st

        from decision.ui import session

        session.halt("title", "detail")
        st.session_state["found"] = {"first": session.take_halt(), "then": session.take_halt()}

    assert in_session(script) == {"first": ("title", "detail", ""), "then": None}


def test_only_one_module_touches_the_session_state():
    users = [p.name for p in UI.rglob("*.py") if "st.session_state" in p.read_text()]
    assert users == ["session.py"]


def test_nothing_of_a_patient_lives_in_a_module_or_a_cache():
    for path in UI.rglob("*.py"):
        text = path.read_text()
        assert "cache_data" not in text
        assert "cache_resource" not in text
        globals_ = re.findall(r"^(_\w+): (?:list|dict)\[", text, flags=re.M)
        assert globals_ == (["_installed"] if path.name == "services.py" else []), path.name


def test_pages_refuse_to_draw_before_the_ports_are_wired(monkeypatch):
    monkeypatch.setattr(services, "_installed", [])
    with pytest.raises(RuntimeError, match=r"streamlit run app\.py"):
        services.services()
