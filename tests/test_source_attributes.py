"""The 31 source attributes of 45 CFR 170.315(b)(11)(iv)(B), each by its paragraph: a value or the
reason why it is not available; on the page, and as data that knows of no patient.
"""

from __future__ import annotations

import dataclasses
import os
import re
import shutil

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from decision import catalog
from decision.assess import Decision, NoModel
from decision.clinical.account import NOT_KEPT, Account, Said
from decision.ui.source_attributes import PATH, attributes_route
from decision.ui.texts import about, figures
from decision.ui.texts import source_attributes as sources
from models.account import ATTRIBUTES, DEMOGRAPHICS, AccountError, read_account
from models.artifact import active, read
from served import decision, served
from settings import ROOT, Settings
from tests.fakes import COMPLETE, TenderPredictor, page_record, page_services, page_spec
from tests.screens import bodies, go, opened, shown

PARAGRAPHS = {
    "(1)(i)": "developer",
    "(1)(ii)": "funding",
    "(1)(iii)": "output",
    "(1)(iv)": "output-type",
    "(2)(i)": "intended-use",
    "(2)(ii)": "patients",
    "(2)(iii)": "users",
    "(2)(iv)": "role",
    "(3)(i)": "out-of-scope",
    "(3)(ii)": "limits",
    "(4)(i)": "training-criteria",
    "(4)(ii)": "demographics",
    "(4)(iii)": "training-people",
    "(4)(iv)": "relevance",
    "(5)(i)": "fairness-approach",
    "(5)(ii)": "bias",
    "(6)(i)": "external-source",
    "(6)(ii)": "external-party",
    "(6)(iii)": "external-people",
    "(6)(iv)": "external-process",
    "(7)(i)": "validity",
    "(7)(ii)": "fairness",
    "(7)(iii)": "external-validity",
    "(7)(iv)": "external-fairness",
    "(7)(v)": "outcomes-of-use",
    "(8)(i)": "validity-monitoring",
    "(8)(ii)": "local-validity",
    "(8)(iii)": "fairness-monitoring",
    "(8)(iv)": "local-fairness",
    "(9)(i)": "updates",
    "(9)(ii)": "corrections",
}
"""As the regulation numbers them; written out here, so that no attribute can go missing twice."""
ARTEFACTS = ROOT / "models" / "artifacts"
OFFERED = catalog.offered()


@pytest.fixture(scope="module")
def shipped() -> dict[str, Decision]:
    settings = Settings.read({k: v for k, v in os.environ.items() if k == "PATH"})
    return {each.id: each for each in served(settings)}


@pytest.mark.parametrize("name", OFFERED)
@pytest.mark.parametrize("paragraph", PARAGRAPHS)
def test_r14_every_attribute_stands_at_its_paragraph_with_a_value_or_a_reason(
    shipped, name, paragraph
):
    found = {a.paragraph: a for a in sources.attributes(shipped[name])}[paragraph]
    assert found.id == PARAGRAPHS[paragraph]
    assert bool(found.said.text) != bool(found.said.unavailable)
    assert found.said.unavailable != NOT_KEPT
    assert len(found.words) > 20


@pytest.mark.parametrize("name", OFFERED)
def test_r14_there_are_31_in_the_order_of_the_regulation(shipped, name):
    found = sources.attributes(shipped[name])
    assert [a.paragraph for a in found] == list(PARAGRAPHS)
    assert len(found) == 31
    assert len({a.name for a in found}) >= 30


def test_every_attribute_is_either_computed_or_written():
    computed = set(PARAGRAPHS.values()) - set(ATTRIBUTES)
    assert computed == {
        *("output", "output-type", "intended-use", "role", "out-of-scope", "limits"),
        *("demographics", "validity", "fairness"),
    }


@pytest.mark.parametrize("name", OFFERED)
def test_the_figures_are_those_of_the_artefact_and_of_no_other(shipped, name):
    decided = shipped[name]
    stored = read(active(ARTEFACTS / name)).field("metrics")
    assert decided.model.metrics == stored
    told = {a.id: a for a in sources.attributes(decided)}["validity"].words
    if decided.spec.prognosis is None:
        rows = about.metric_rows(decided.spec, stored)
    else:
        rows = [f.row for f in figures.shown_first(figures.figures(decided.spec, stored))]
    assert rows
    for row in rows:
        assert row[-1] in told
    assert "SIMULATED" in told


def test_other_figures_in_the_artefact_are_other_figures_here():
    spec = page_spec()

    class Scored(TenderPredictor):
        @property
        def identity(self):
            return dataclasses.replace(super().identity, metrics={"arms.a.auroc": 0.54321})

    told = {a.id: a for a in sources.attributes(Decision(spec=spec, predictor=Scored()))}
    assert "0.543" in told["validity"].words
    plain = {a.id: a for a in sources.attributes(Decision(spec=spec, predictor=TenderPredictor()))}
    assert plain["validity"].words.startswith("Not available")


def test_without_a_model_its_figures_are_not_available_and_the_rest_is():
    none = NoModel(detail="It could not be loaded.", remedy="Ask.")
    found = sources.attributes(Decision(spec=page_spec(), predictor=none))
    told = {a.id: a for a in found}
    assert told["validity"].said.unavailable == sources.NO_MODEL
    assert told["intended-use"].said.text
    assert told["developer"].said.unavailable == NOT_KEPT


def client(*decisions: Decision) -> TestClient:
    return TestClient(Starlette(routes=[attributes_route(decisions)]))


@pytest.mark.parametrize("name", OFFERED)
def test_the_route_gives_the_same_as_data(shipped, name):
    told = client(*shipped.values()).get(f"{PATH}/{name}").json()
    assert told["decision"]["id"] == name
    assert told["model"]["sha256"] == shipped[name].model.checksum
    listed = told["attributes"]
    assert [a["paragraph"] for a in listed] == [f"{sources.REGULATION}{p}" for p in PARAGRAPHS]
    for given, known in zip(listed, sources.attributes(shipped[name]), strict=True):
        assert given["available"] is bool(given["value"])
        assert given["available"] is (given["reason"] is None)
        assert (given["value"] or given["reason"]) in known.words
    assert told["changes"]


def test_an_unknown_decision_is_told_which_are_known(shipped):
    answer = client(*shipped.values()).get(f"{PATH}/nope")
    assert answer.status_code == 404
    assert answer.json()["decisions"] == list(shipped)
    assert "nope" not in answer.text


def test_the_data_know_of_no_patient():
    decided = Decision(spec=page_spec(), predictor=TenderPredictor())
    reader = client(decided)
    before = reader.get(f"{PATH}/{decided.id}").text
    opened(page_services(page_record("p1", *COMPLETE)))
    assert reader.get(f"{PATH}/{decided.id}").text == before
    assert "Name of p1" not in before


def test_r14_about_shows_all_of_them_one_click_from_the_patient():
    at = go(opened(page_services(page_record("p1", *COMPLETE))), "about")
    page = bodies(at)
    for paragraph in PARAGRAPHS:
        assert f'<th scope="row">{paragraph}</th>' in page
    assert f'href="{PATH}/' in page
    assert about.NO_HISTORY in shown(at)


@pytest.mark.parametrize("name", OFFERED)
def test_the_history_has_the_version_that_answers_and_the_rules_that_hold(shipped, name):
    decided = shipped[name]
    rows = about.history_rows(decided.account.changes)
    versions = [version for version, _, _ in rows]
    assert f"model {decided.model.version}" in versions
    assert f"rules {decided.spec.version}" in versions
    assert all(re.fullmatch(r"\d{1,2} [A-Z][a-z]{2} \d{4}", day) for _, day, _ in rows)


def broken(tmp_path, *changes: tuple[str, str]):
    """The first decision's account with something replaced."""
    name = OFFERED[0]
    folder = tmp_path / name
    shutil.copytree(ARTEFACTS / name, folder)
    text = (folder / "account.toml").read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    (folder / "account.toml").write_text(text, encoding="utf-8")
    return catalog.load(name), folder


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ("[said.developer]", "[said.maker]", "maker"),
        ("unavailable = ", "unknown = ", "developer"),
        ('race = ""', "", "race"),
        ('race = ""', 'race = "colour"', "race"),
        ("[[change]]", "[[change]]\nwho = 1", "change"),
        ("[said.developer]", "[said.developer", "account.toml"),
    ],
)
def test_an_account_that_cannot_be_believed_is_an_error_that_names_it(tmp_path, old, new, named):
    spec, folder = broken(tmp_path, (old, new))
    with pytest.raises(AccountError) as caught:
        read_account(spec, folder)
    assert named in caught.value.message
    assert caught.value.remedy


def test_a_broken_account_silences_itself_and_not_the_decision(tmp_path, caplog):
    spec, folder = broken(tmp_path, ("[said.developer]", "[said.maker]"))
    found = decision(spec, folder)
    assert not isinstance(found.model, NoModel)
    assert found.account == Account()
    assert "no account" in caplog.text


def test_an_account_that_is_not_there_leaves_reasons(tmp_path):
    spec, folder = broken(tmp_path)
    (folder / "account.toml").unlink()
    found = decision(spec, folder)
    told = {a.id: a for a in sources.attributes(found)}
    assert told["developer"].said == Said(unavailable=NOT_KEPT)
    assert told["demographics"].said == Said(unavailable=NOT_KEPT)


@pytest.mark.parametrize("entry", [{}, {"text": "a", "unavailable": "b"}])
def test_a_text_and_a_reason_exclude_each_other(entry):
    with pytest.raises(ValueError, match="not both"):
        Said(**entry)


def test_the_nine_demographic_variables_are_told_apart_as_used_and_not(shipped):
    for decided in shipped.values():
        told = {a.id: a for a in sources.attributes(decided)}["demographics"].words
        assert all(name in told for name in DEMOGRAPHICS)
        unused = told.partition("Not used: ")[2].rstrip(".").split("; ")
        for name, feature in decided.account.demographics.items():
            assert (name in unused) is not bool(feature)
