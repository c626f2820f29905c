"""One line says who sits there, from the decision's own list; nothing unknown is made up."""

from __future__ import annotations

import dataclasses

from decision.assess import NoModel, assess
from decision.clinical.spec import SummaryItem
from decision.ui import entries
from decision.ui.texts.reasons import player_text
from decision.ui.texts.summary import summary
from tests.builders import CONTEXT, ListAuditLog
from tests.clinical_records import SPEC, activity, condition, eligible, medication, observation
from tests.clinical_records import record as clinical
from tests.fakes import page_record, page_spec
from tests.test_ui_estimate import card_of

RECORD = page_record()

ITEMS = (
    SummaryItem(id="tender", label="TJC"),
    SummaryItem(id="crp", label="CRP"),
    SummaryItem(id="mtx", label="methotrexate"),
)


def test_what_is_known_is_said_once_with_the_date_it_shares():
    card = dataclasses.replace(card_of(), spec=page_spec(summary=ITEMS))
    assert summary(card, RECORD) == "TJC 12, CRP 42 mg/L (2 Nov 2026)."


def test_a_decision_without_a_summary_says_nothing():
    assert summary(card_of(), RECORD) == ""


def assessed(record):
    return assess(record, SPEC, NoModel(detail="x", remedy="y"), ListAuditLog(), CONTEXT)


def line(record):
    return summary(assessed(record), record)


def visits(joints: str, globals_: str, by: str = "record"):
    """Joint counts of one day and globals of another: CDAI 26.5."""
    values = {"tender_joints": 9, "swollen_joints": 6, "patient_global": 6, "physician_global": 5.5}
    return clinical(
        [
            observation(
                of,
                value,
                on=joints if "joints" in of else globals_,
                by=by if "joints" in of else "record",
            )
            for of, value in values.items()
        ],
        [condition("rheumatoid_arthritis")],
        [medication("methotrexate", start="2021-02-03")],
    )


def test_drugs_come_first_with_why_they_were_stopped_and_are_not_said_twice():
    told = line(
        eligible(
            medications=[
                medication(
                    "adalimumab",
                    "stopped",
                    start="2026-03-02",
                    end="2026-10-22",
                    stop="stop_primary_failure",
                )
            ]
        )
    )
    assert told.startswith(
        "Methotrexate since Aug 2018. Adalimumab Mar–Oct 2026, stopped: primary failure. CDAI 26.5"
    )
    assert "Earlier TNF inhibitors" not in told
    assert "csDMARD" not in told


def test_a_long_history_is_cut_and_says_so():
    drugs = ("adalimumab", "etanercept", "infliximab", "golimumab")
    told = line(
        eligible(medications=[medication(d, "stopped", start="2020", end="2021") for d in drugs])
    )
    assert "And 2 more." in told
    assert "Earlier TNF inhibitors 4" in told or "TNF" in told


def test_no_earlier_tnf_inhibitor_is_still_said_of_somebody_who_never_had_one():
    assert "no earlier TNF inhibitor listed" in line(eligible()).replace("No e", "no e")


def test_a_score_of_one_visit_has_one_date():
    assert "CDAI 26.5, TJC 9, SJC 6, PtGA 6, PhGA 5.5 (20 Oct 2026)" in line(eligible())


def test_a_score_of_two_visits_never_passes_for_one():
    told = visits("2026-11-02", "2026-10-20")
    assert "CDAI 26.5 (joints 2 Nov, globals 20 Oct 2026)" in line(told)
    found = assessed(told)
    (player,) = [p for p in SPEC.players if p.id == "disease_activity"]
    assert player_text(SPEC, found.features, player) == (
        "Disease activity (CDAI) 26.5 (joints 2 Nov, globals 20 Oct 2026)"
    )


def test_parts_of_two_years_keep_both_and_entered_ones_say_so():
    told = visits("2026-11-02", "2026-10-20", by="clinician")
    assert "CDAI 26.5 (joints entered 2 Nov, globals 20 Oct 2026)" in line(told)


def asked(record):
    found = assessed(record)
    fields = entries.fields(SPEC, found.features, found.criteria, found.cautions)
    return {field.entry.concept: field for field in fields}


def test_globals_are_offered_beside_joints_and_say_what_is_in_use():
    alone = clinical([o for o in activity() if "joints" not in o.source.reference])
    fields = asked(alone)
    assert {"tender_joints", "swollen_joints"} <= set(fields)
    for name in ("patient_global", "physician_global"):
        assert fields[name].group == entries.TODAY
        assert fields[name].hint.startswith("In use: ")
        assert "20 Oct 2026" in fields[name].hint
    assert "0 to 28" in fields["tender_joints"].hint


def test_globals_are_still_offered_once_the_joints_were_entered():
    fields = asked(visits("2026-11-02", "2026-10-20", by="clinician"))
    for name in ("patient_global", "physician_global", "tender_joints"):
        assert fields[name].group == entries.TODAY
        assert fields[name].known


def test_what_is_examined_at_each_visit_can_be_given_anew_and_replaces_nothing_by_silence():
    fields = asked(eligible())
    for name in ("patient_global", "tender_joints"):
        assert fields[name].group == entries.TODAY
        assert fields[name].hint.startswith("In use: ")
