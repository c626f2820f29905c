"""Which decisions a process serves, under the choices of its place: found, or refused by name."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from decision import catalog
from decision.assess import NoModel
from decision.catalog import SpecError
from decision.clinical.local import Local
from decision.clinical.spec import DecisionSpec
from served import local_of, predictor, served
from settings import SettingError, Settings
from tests.builders import make_spec

INSTALLED = ("one", "two")


def settings(**given: str) -> Settings:
    return Settings.read({f"TREATMENT_RESPONSE_{name}": value for name, value in given.items()})


def configured(decision_id: str, local: Local = Local()) -> DecisionSpec:  # noqa: B008  a value
    """A decision called `two` knows one choice, and no jurisdiction called `XX`."""
    given = dict(local.of(decision_id))
    number = given.pop("number", 0)
    if given or not isinstance(number, int) or (local.jurisdiction == "XX"):
        raise SpecError(f"unknown: {', '.join(given) or local.jurisdiction}")
    return dataclasses.replace(make_spec(), id=decision_id, local=f"{local.jurisdiction} {number}")


@pytest.fixture
def two(monkeypatch):
    """An installation with two decisions, neither of which has a model."""
    monkeypatch.setattr(catalog, "offered", lambda: INSTALLED)
    monkeypatch.setattr(catalog, "load", configured)


def refused(*words: str, **given: str) -> None:
    with pytest.raises(SettingError) as caught:
        served(settings(**given))
    said = f"{caught.value.message} {caught.value.remedy}"
    assert [word for word in words if word not in said] == []


def file(folder: Path, text: str) -> str:
    path = folder / "local.toml"
    path.write_text(text, encoding="utf-8")
    return str(path)


def ids(**given: str) -> list[str]:
    return [decision.id for decision in served(settings(**given))]


@pytest.mark.usefixtures("two")
def test_all_that_is_installed_is_served_unless_some_are_named():
    assert ids() == ["one", "two"]
    assert ids(DECISION="two") == ["two"]
    assert ids(DECISION=" two , one ") == ["two", "one"]


@pytest.mark.usefixtures("two")
def test_a_decision_without_a_model_is_served_and_says_why():
    assert all(isinstance(decision.predictor, NoModel) for decision in served(settings()))
    assert all(isinstance(decision.model, NoModel) for decision in served(settings()))


@pytest.mark.usefixtures("two")
def test_an_unknown_decision_is_refused_with_those_that_are_installed():
    refused("TREATMENT_RESPONSE_DECISION", "'gout'", "one, two", DECISION="one,gout")


@pytest.mark.parametrize("given", ["one,", ",", "one,,two", "one,one"])
def test_a_list_with_a_hole_or_a_double_is_refused(given):
    refused("TREATMENT_RESPONSE_DECISION is", "commas", DECISION=given)


def test_an_installation_without_a_decision_says_so(monkeypatch):
    monkeypatch.setattr(catalog, "offered", lambda: ())
    with pytest.raises(SpecError, match="no decision is installed"):
        served(settings())


def test_the_demo_stands_in_one_jurisdiction_and_a_hospital_in_none_until_it_says_so():
    assert settings().jurisdiction == "US"
    assert settings(EHRS="ehr.toml").jurisdiction == ""
    assert settings(EHRS="ehr.toml", DEMO="yes").jurisdiction == ""
    assert settings(EHRS="ehr.toml", JURISDICTION="UK").jurisdiction == "UK"
    assert settings(JURISDICTION=" US-CA ").jurisdiction == "US-CA"


@pytest.mark.parametrize("given", ["us", "USA", "Us", "U S", "US,UK", "ＵＳ", "US-", "-CA"])
def test_a_slip_in_the_jurisdiction_is_refused_because_it_would_switch_every_rule_off(given):
    refused("TREATMENT_RESPONSE_JURISDICTION", repr(given), "capital letters", JURISDICTION=given)


@pytest.mark.usefixtures("two")
def test_the_operator_is_told_that_no_dated_rules_hold(caplog):
    served(settings(JURISDICTION="US"))
    assert "JURISDICTION" not in caplog.text
    served(settings(EHRS="ehr.toml"))
    assert "TREATMENT_RESPONSE_JURISDICTION is not set" in caplog.text


def test_a_choice_for_a_decision_that_leaves_none_to_the_place_is_refused(tmp_path):
    fixed = next(i for i in catalog.offered() if not catalog.load(i).local)
    refused(fixed, "'hue'", "local.toml", LOCAL=file(tmp_path, f"[{fixed}]\nhue = 1\n"))
    assert served(settings(LOCAL=file(tmp_path, f"[{fixed}]\n")))


@pytest.mark.usefixtures("two")
def test_what_the_place_decided_reaches_the_decision_it_is_about(tmp_path):
    path = file(tmp_path, "[two]\nnumber = 7\n")
    one, two = served(settings(LOCAL=path, JURISDICTION="UK"))
    assert (one.spec.local, two.spec.local) == ("UK 0", "UK 7")
    assert local_of(settings(LOCAL=path), INSTALLED).of("two") == {"number": 7}


@pytest.mark.usefixtures("two")
@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[three]\nnumber = 1\n", ("local.toml", "'three'", "one, two")),
        ("number = 1\n", ("local.toml", "'number'", "one, two")),
        ("one = 'x'\n", ("local.toml", "'one'")),
        ("[two]\nnumber = \n", ("local.toml", "line 2")),
        ("[two]\nhue = 1\n", ("local.toml", "[two]", "hue")),
        ("[two]\nnumber = 'x'\n", ("local.toml", "[two]")),
    ],
)
def test_a_choice_that_cannot_be_followed_is_named_with_file_and_decision(tmp_path, text, words):
    refused(*words, LOCAL=file(tmp_path, text))


@pytest.mark.usefixtures("two")
def test_a_file_that_cannot_be_read_is_named(tmp_path):
    refused("TREATMENT_RESPONSE_LOCAL", "nowhere.toml", LOCAL=str(tmp_path / "nowhere.toml"))
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe\x00")
    refused("TREATMENT_RESPONSE_LOCAL", "binary.toml", LOCAL=str(tmp_path / "binary.toml"))


@pytest.mark.usefixtures("two")
def test_a_jurisdiction_that_a_decision_does_not_know_is_named():
    refused("TREATMENT_RESPONSE_JURISDICTION", "[one]", "XX", JURISDICTION="XX")


@pytest.mark.usefixtures("two")
def test_a_folder_that_is_broken_anywhere_is_no_fault_of_the_settings(monkeypatch, tmp_path):
    def broken(decision_id, local=None):
        raise SpecError(f"decision {decision_id!r}, spec.py:2: broken")

    monkeypatch.setattr(catalog, "load", broken)
    with pytest.raises(SpecError, match=r"spec\.py:2: broken"):
        served(settings(LOCAL=file(tmp_path, "[two]\nnumber = 7\n")))


@pytest.mark.parametrize("spec", catalog.discover().values(), ids=lambda spec: spec.id)
def test_every_decision_without_its_artefact_has_no_model_and_does_not_break(spec, tmp_path):
    found = predictor(spec, tmp_path / "nowhere")
    assert isinstance(found, NoModel)
    assert found.detail
    assert found.remedy


@pytest.mark.parametrize("spec", catalog.discover().values(), ids=lambda spec: spec.id)
def test_the_log_names_the_file_of_a_model_that_cannot_be_loaded_and_the_page_does_not(
    spec, tmp_path, caplog
):
    found = predictor(spec, tmp_path / "nowhere")
    assert isinstance(found, NoModel)
    assert str(tmp_path / "nowhere") in caplog.text
    assert spec.id in caplog.text
    shown = f"{found.detail} {found.remedy}"
    assert str(tmp_path) not in shown
    assert [part for part in ("/", "\\", ".json", "python") if part in shown] == []
