"""What the pages say and draw of a patient's RNA."""

from __future__ import annotations

import dataclasses
import re
import xml.etree.ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from decision.clinical.assessment import AuditAction, ComparisonCard
from decision.clinical.expression import FEWEST, SHARES, Spread, spreads_of
from decision.clinical.spec import Modality
from decision.clinical.writing import ChosenTreatment
from decision.rules import derive_features
from decision.ui.components import expression as drawing
from decision.ui.record_document import record_document
from decision.ui.texts import expression as words
from models.artifact import SchemaError, active, read
from models.decisions import ARTIFACTS
from models.spreads import COHORT, read_spreads
from tests.expression_samples import ARRAY, RNA, scorer, table
from tests.test_expression_record import DECISION, decision, document, record
from tests.test_without_rna import BOTH, card, demo

PLAIN = Spread(values=tuple(float(i) for i in range(-19, 20)), people=1412)
MINUS = "−"


def row(value: float, spread: Spread | None = PLAIN) -> words.Row:
    return words.Row(
        label="Some score", value=value, when="", spread=spread, people="people", used=True
    )


def read_page(html: str) -> str:
    return re.sub(r"\s+", " ", " ".join(tree_of(html).itertext()))


def tree_of(html: str) -> ET.Element:
    return ET.fromstring(f"<div>{html}</div>")  # noqa: S314  our own page


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (0.0, "50 of 100 are lower, among 1,412 people."),
        (9.5, "74 of 100 are lower, among 1,412 people."),
        (-19.0, "3 of 100 are lower, among 1,412 people."),
        (-19.1, "Fewer than 3 of 100 are lower, among 1,412 people."),
        (19.1, "Fewer than 3 of 100 are higher, among 1,412 people."),
    ],
)
def test_a_place_is_a_natural_frequency_and_never_nobody(value, said):
    assert words.place(row(value)) == said


def test_a_score_without_a_cohort_says_so():
    assert words.place(row(1.0, None)) == (
        "No cohort of at least 40 people is stored to place it in."
    )
    assert words.alternative(row(1.0, None)) == "Some score +1 standard deviations."


@pytest.mark.parametrize(
    ("value", "said"), [(0.9, "+0.9"), (-1.234, f"{MINUS}1.23"), (0.0, "0"), (-0.001, "0")]
)
def test_a_score_has_its_sign_and_no_more_digits_than_are_read(value, said):
    assert words.score(value) == said


@given(st.lists(st.floats(-5, 5), min_size=39, max_size=39), st.floats(-6, 6), st.floats(-6, 6))
def test_a_higher_score_is_never_in_a_lower_place(values, one, other):
    """Ties and jumps of a real cohort included."""
    spread = Spread(values=tuple(sorted(values)), people=50)
    low, high = sorted((one, other))
    a, b = spread.below(low), spread.below(high)
    assert all(SHARES[0] <= share <= SHARES[-1] for share in (a, b) if share is not None)
    assert a is None or b is None or a <= b


def test_a_spread_that_is_none_is_refused():
    with pytest.raises(ValueError, match="39 ascending"):
        Spread(values=(1.0, 2.0), people=3)
    with pytest.raises(TypeError):
        spreads_of({"x": {"people": "many", "values": [0.0] * 39}})


def test_the_stored_spreads_are_those_of_the_artefacts_own_cohort():
    """Its usual ranges are the outermost two values: the same people, drawn again."""
    artefact = read(active(ARTIFACTS / DECISION))
    stored, usual = read_spreads(artefact), artefact.field("usual")
    assert set(stored) == set(usual)
    for name, (low, high) in usual.items():
        assert stored[name].values[0] == pytest.approx(low, abs=1e-6)
        assert stored[name].values[-1] == pytest.approx(high, abs=1e-6)


def test_spreads_of_another_artefact_are_never_shown(tmp_path):
    artefact = dataclasses.replace(read(active(ARTIFACTS / DECISION)), folder=tmp_path)
    assert read_spreads(artefact) == {}
    for content in ("{", '{"checksum": "another", "inputs": {}}', "[]", '{"checksum": "x"}'):
        (tmp_path / COHORT).write_text(content)
        with pytest.raises(SchemaError):
            read_spreads(artefact)


def test_both_scores_the_model_uses_are_set_among_its_training_patients():
    shown = words.rows(card(demo()), demo())
    assert [r.label for r in shown] == ["Blood TNFi non-response score", "Type I interferon score"]
    assert all(r.used and r.spread.people == 328 for r in shown)
    assert words.place(shown[0]).endswith("among 328 simulated training patients.")


@pytest.mark.parametrize(("people", "placed"), [(39, False), (40, True)])
def test_nobody_is_placed_among_fewer_people_than_its_steps_tell_apart(people, placed):
    """Of 12 people, 2.5 % are no one: the outermost stored values would be one person's."""
    assert FEWEST * SHARES[0] == 1.0
    assessed = card(demo())
    spreads = {k: dataclasses.replace(s, people=people) for k, s in assessed.model.spreads.items()}
    model = dataclasses.replace(assessed.model, spreads=spreads)
    shown = words.rows(dataclasses.replace(assessed, model=model), demo())
    assert [r.spread is not None for r in shown] == [placed] * 2


def test_a_files_other_panels_are_shown_for_reading_and_among_the_reference_samples(tmp_path):
    found = record(tmp_path, document(table()))
    shown = words.rows(card(found), found)
    assert [r.used for r in shown] == [True] * 2 + [False] * 10
    assert {r.people for r in shown[2:]} == {"simulated reference samples"}
    assert "Interferon alpha response" not in {r.label for r in shown}  # it is the model's, above
    page = read_page(drawing.whole(card(found), found))
    for panel in scorer().panels.panels[1:]:
        assert panel.label in page
        assert panel.citation in page
    for panel in scorer().panels.missing:
        assert panel.label in page
    assert "specimens of different days: 4 Nov 2026, 10 Nov 2026" in page
    assert words.RESEARCH in page


def test_the_platform_line_says_whether_anything_was_recentred(tmp_path):
    own = record(tmp_path, document(table()))
    assert "nothing to recentre" in words.sample(own)[0]
    paired = record(tmp_path, document(table(ARRAY), platform=ARRAY, scale="intensity"))
    said = words.sample(paired)[0]
    assert f"recentred with 40 samples measured on it and on {RNA}" in said
    assert all(line.startswith("Passed: ") for line in words.sample(paired)[1:])


def test_the_whole_kinds_effect_is_that_of_the_explanation():
    shown = card(demo())
    (effect,) = [m for m in shown.answer.explanation.modalities if m.player == "transcriptomic"]
    said = words.contribution(shown)
    for treatment in shown.spec.treatments:
        whole = round(100 * effect.effects[treatment.id])
        assert f"{treatment.label} {MINUS if whole < 0 else '+'}{abs(whole)} of 100" in said
    assert f"by about {abs(round(100 * effect.differential))} of 100" in said


def test_where_nothing_is_known_the_section_is_short_and_has_no_effect(tmp_path):
    found = record(tmp_path, without=BOTH)
    page = read_page(drawing.brief(card(found), found))
    assert "no usable RNA result is in the record" in page
    assert "What it changes" not in page
    assert "can be added on Data used" in page
    assert len(page) < 600


def test_a_platform_that_is_not_registered_is_named_once_with_what_to_do(tmp_path):
    found = record(tmp_path, document(table(), platform="another"))
    page = read_page(drawing.brief(card(found), found))
    assert page.count("The platform is not registered") == 1
    assert page.count("models.expression.register") == 1
    assert "Known: blood TNFi non-response score; not known: type I interferon score." in page


def test_a_poor_sample_says_which_limit_it_missed(tmp_path):
    flat = "gene\tS1\n" + "".join(
        f"{g}\t{1 + i % 7}.5\n" for i, g in enumerate(scorer().platforms[ARRAY].genes)
    )
    flat = flat.replace("\t7.5", "\t777.5", 1)
    found = record(tmp_path, document(flat.encode(), platform=ARRAY, scale="intensity"))
    page = read_page(drawing.brief(card(found), found))
    assert "rank correlation with the platform's profile" in page
    assert "Ask the laboratory whether the test should be repeated." in page


def test_every_strip_has_words_in_its_place_and_stays_within_its_box(tmp_path):
    found = record(tmp_path, document(table()))
    tree = tree_of(drawing.brief(card(found), found))
    pictures = [e for e in tree.iter() if e.get("role") == "img"]
    pattern = re.compile(r"standard deviations\. .* nine of ten from .* to ")
    assert len(pictures) == 12
    for picture in pictures:
        assert pattern.search(picture.get("aria-label"))
        for mark in picture:
            left = float(re.search(r"left:(-?[\d.]+)%", mark.get("style"))[1])
            assert 0.0 < left < 100.0


def test_the_chart_document_says_the_same_of_rna(tmp_path):
    found = record(tmp_path, document(table()))
    shown = card(found)
    chosen = ChosenTreatment(
        action=AuditAction.DECIDED, chosen=shown.spec.treatments[0].id, reason="", audit_id="a"
    )
    filed = record_document(shown, found, chosen, "somebody").content.decode()
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", filed)).replace("&#x27;", "'")
    sentences = (
        words.contribution(shown),
        words.worth(shown),
        *words.sample(found),
        words.RESEARCH,
    )
    for sentence in sentences:
        assert sentence in text
    for line in words.rows(shown, found):
        assert words.alternative(line) in text


def test_a_decision_that_reads_no_rna_has_no_such_section():
    shown = card(demo())
    clinical = tuple(f for f in shown.spec.features if f.modality is not Modality.TRANSCRIPTOMIC)
    other = dataclasses.replace(shown, spec=dataclasses.replace(shown.spec, features=clinical))
    assert drawing.brief(other, demo()) == drawing.whole(other, demo()) == ""


def test_panel_results_reported_by_a_laboratory_reach_the_model_without_any_file():
    """Every RNA input of the decision, as an Observation of a FHIR bundle."""
    read_ = {f.id for f in decision().spec.features if f.modality is Modality.TRANSCRIPTOMIC}
    features = derive_features(demo(), decision().spec)
    assert demo().expression == ()
    assert read_ <= set(features.values)
    shown = card(demo())
    assert isinstance(shown, ComparisonCard)
    assert Modality.TRANSCRIPTOMIC not in shown.answer.absent_modalities
    assert {c.player for c in shown.answer.explanation.contributions} >= read_


@pytest.mark.parametrize("gone", [("interferon-score",), ("tnfi-nonresponse-score",)])
def test_one_reported_result_alone_does_not_count_and_is_said_not_to(tmp_path, gone):
    found = record(tmp_path, without=gone)
    shown = card(found)
    assert Modality.TRANSCRIPTOMIC in shown.answer.absent_modalities
    assert "the model counts RNA only with all of its scores" in words.state(shown)[0]
