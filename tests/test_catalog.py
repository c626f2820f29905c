"""Decisions are found on disk, checked at boot, and loud when broken."""

from __future__ import annotations

import dataclasses
import itertools
import re
from datetime import timedelta
from pathlib import Path

import pytest

from decision import catalog
from decision.catalog.ra_biologic_response.thresholds import WRITTEN
from decision.catalog.validate import NEEDED, NEEDED_TO_COMPARE, problems_of
from decision.clinical.codes import LOCAL
from decision.clinical.local import Local
from decision.clinical.spec import (
    DecisionSpec,
    EntryKind,
    Modality,
    Severity,
    Transform,
    Verification,
)
from decision.evidence.caution_table import CautionFileError, read_cautions

SPEC = catalog.load("ra_biologic_response")
SPECS = tuple(catalog.discover().values())
_numbers = itertools.count()


def write_decision(root: Path, monkeypatch: pytest.MonkeyPatch, name: str, text: str) -> str:
    """A catalogue with one folder; its package name is new each time, as imports are cached."""
    package = f"broken_catalog_{next(_numbers)}"
    folder = root / package / name
    folder.mkdir(parents=True)
    for path in (folder.parent / "__init__.py", folder / "__init__.py"):
        path.write_text("", encoding="utf-8")
    if text:
        (folder / "spec.py").write_text(text, encoding="utf-8")
    monkeypatch.syspath_prepend(root)
    return package


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "no file lupus_flare/spec.py"),
        ("import nowhere_at_all\n", "spec.py:1: No module named 'nowhere_at_all'"),
        ("x = 1\ny = = 2\n", "spec.py:2"),
        ("x = 1\ny = undefined\n", "spec.py:2"),
        ("x = {}['y']\n", "spec.py:1"),
        ("SPEC = 'no decision'\n", "SPEC must be a DecisionSpec"),
        ("from decision.catalog.ra_biologic_response.spec import SPEC\n", "its folder is"),
    ],
)
def test_a_broken_folder_is_an_error_that_names_it(tmp_path, monkeypatch, text, told):
    package = write_decision(tmp_path, monkeypatch, "lupus_flare", text)
    with pytest.raises(catalog.SpecError, match=r"lupus_flare") as caught:
        catalog.discover(package=package, root=tmp_path / package)
    assert told in str(caught.value)


def test_a_folder_that_version_control_left_behind_is_no_decision(tmp_path):
    (tmp_path / "gone" / "__pycache__").mkdir(parents=True)
    assert catalog.discover(package="anything", root=tmp_path) == {}


def test_an_unknown_decision_is_refused_with_those_that_are_known():
    with pytest.raises(catalog.SpecError, match="ra_biologic_response"):
        catalog.load("gout")


def test_every_folder_on_disk_is_discovered_under_its_own_name():
    assert "ra_biologic_response" in catalog.discover()
    assert all(name == spec.id for name, spec in catalog.discover().items())


def changed(**fields: object) -> DecisionSpec:
    return dataclasses.replace(SPEC, **fields)


def first(name: str, **fields: object) -> tuple[object, ...]:
    head, *rest = getattr(SPEC, name)
    return (dataclasses.replace(head, **fields), *rest)


def without_threshold(name: str) -> dict[str, object]:
    return {k: v for k, v in SPEC.thresholds.items() if k != name}


ROOT = Path(__file__).parent.parent
SHARED = [
    *(ROOT / "decision").glob("*.py"),
    *(ROOT / "decision" / "ui").rglob("*.py"),
    *(ROOT / "decision" / "evidence").rglob("*.py"),
    *(ROOT / "decision" / "clinical").glob("*.py"),
]
"""Code that serves every decision."""
READ_BY_ALL = sorted(
    {
        name
        for path in SHARED
        if path.parent.name != "evidence"
        for name in re.findall(r'thresholds\["(\w+)"\]', path.read_text(encoding="utf-8"))
    }
)

uncited = {
    **SPEC.thresholds,
    "adult_age": dataclasses.replace(SPEC.thresholds["adult_age"], citation=" "),
}
crp = SPEC.feature("crp")
other_limits = tuple(
    dataclasses.replace(f, supported=dataclasses.replace(f.supported, high=400.0))
    if f.id == "crp"
    else f
    for f in SPEC.features
)
crp_from_zero = tuple(
    dataclasses.replace(f, supported=dataclasses.replace(f.supported, low=0.0))
    if f.id == "crp"
    else f
    for f in SPEC.features
)


@pytest.mark.parametrize(
    ("spec", "told"),
    [
        (changed(features=(*SPEC.features, crp)), "feature 'crp' is defined 2 times"),
        (changed(features=first("features", concepts=("nothing",))), "'nothing', which has no"),
        (changed(features=SPEC.features[1:]), "names feature 'age', which does not exist"),
        (changed(features=crp_from_zero), "takes the logarithm of 'crp', which may be 0"),
        (changed(players=SPEC.players[1:]), "feature 'age' belongs to 0 players"),
        (changed(players=(*SPEC.players, SPEC.players[0])), "player 'age' is defined 2 times"),
        (
            changed(players=(*SPEC.players, dataclasses.replace(SPEC.players[0], id="again"))),
            "feature 'age' belongs to 2 players",
        ),
        (changed(players=first("players", modality=Modality.SEROLOGICAL)), "differ in modality"),
        (changed(columns=first("columns", inputs=("nothing",))), "reads feature 'nothing'"),
        (changed(columns=first("columns", player="nobody")), "names player 'nobody'"),
        (changed(columns=first("columns", inputs=("bmi",))), "which is not of its player"),
        (changed(columns=SPEC.columns[1:]), "no column reads age"),
        *(
            (changed(thresholds=without_threshold(name)), f"{name!r} is missing")
            for name in READ_BY_ALL
        ),
        (changed(features=other_limits), "'crp': its entry has another unit or other limits"),
        (
            changed(strata=first("strata", ranges={"nothing": (0.0, 1.0)})),
            "names feature 'nothing'",
        ),
        (changed(strata=(*SPEC.strata, SPEC.strata[0])), "'naive_mtx' is defined 2 times"),
        (changed(thresholds=uncited), "threshold 'adult_age' needs a unit, a meaning and a cit"),
        (changed(cautions=first("cautions", severity={"tnfi": Severity.STOP})), "'R1' needs a sev"),
        (changed(cautions=first("cautions", source="")), "'R1' needs a source"),
        (changed(cautions=(*SPEC.cautions, SPEC.cautions[0])), "caution 'R1' is defined 2 times"),
        (changed(quorum={}), "has no quorum"),
        (changed(intended_use=" "), "intended_use is empty"),
        (changed(not_modelled=()), "not_modelled is empty"),
        (changed(id="other"), "its id is 'other'"),
    ],
)
def test_what_is_wrong_with_a_decision_is_said(spec, told):
    assert any(told in problem for problem in problems_of(spec, "ra_biologic_response"))


def test_every_threshold_that_rules_or_pages_read_is_needed_of_every_decision():
    assert {*NEEDED, *NEEDED_TO_COMPARE} == set(READ_BY_ALL)


@pytest.mark.parametrize("path", SHARED, ids=lambda p: p.stem)
def test_code_that_serves_every_decision_names_no_treatment_and_no_stratum_of_one(path):
    text = path.read_text(encoding="utf-8")
    names = {t.id for s in SPECS for t in s.treatments}
    names |= {s.id for spec in SPECS for s in spec.strata if "_" in s.id}
    assert [n for n in sorted(names) if re.search(rf"\b\w*{n}\b", text)] == []


@pytest.mark.parametrize("spec", SPECS, ids=lambda s: s.id)
def test_nothing_is_wrong_with_any_decision_on_disk(spec):
    assert problems_of(spec, spec.id) == ()


@pytest.mark.parametrize("threshold", SPEC.thresholds.values(), ids=lambda t: t.id)
def test_every_threshold_is_cited_and_due_for_review_after_it_was_written(threshold):
    assert threshold.citation.strip()
    assert threshold.meaning.endswith(".")
    assert WRITTEN < threshold.review_by <= WRITTEN + timedelta(days=366)
    if threshold.verification is Verification.VERIFIED:
        assert "Design assumption" not in threshold.citation


def test_the_thresholds_the_evidence_fixes_have_their_values():
    values = {name: t.value for name, t in SPEC.thresholds.items()}
    assert values["interval_level"] == 0.90
    assert values["naming_margin"] == 0.05
    assert values["cdai_active"] == 10
    assert values["adult_age"] == 18
    assert values["max_prior_lines"] == 3
    assert values["neutrophils_il6i"] == 2.0
    assert values["liver_enzyme_multiple"] == 1.5
    assert (values["platelets_tocilizumab"], values["platelets_sarilumab"]) == (100, 150)


@pytest.mark.parametrize("feature", SPEC.features, ids=lambda f: f.id)
def test_every_entry_can_be_filed_and_every_choice_is_a_code_of_ours(feature):
    entry = feature.entry
    if entry is None:
        assert not feature.required or feature.id in {"age", "male"}
        return
    assert SPEC.codelists[entry.concept].entries
    assert entry.concept in feature.concepts
    if entry.kind is EntryKind.CHOICE:
        known = {
            e.code.code
            for c in SPEC.codelists.values()
            for e in c.entries
            if e.code.system == LOCAL
        }
        assert set(entry.choices or {}) <= known


def test_the_24_features_have_the_units_everybody_agreed_on():
    units = {f.id: f.unit for f in SPEC.features}
    assert len(units) == 24
    assert units["crp"] == "mg/L"
    assert units["hemoglobin"] == "g/dL"
    assert units["il6"] == "pg/mL"
    assert units["patient_global"] == "{score}"
    required = {f.id for f in SPEC.features if f.required}
    assert required == {
        "age",
        "male",
        "tender_joints",
        "swollen_joints",
        "patient_global",
        "physician_global",
    }


def test_logarithms_are_taken_of_positive_values_only():
    logged = {n for c in SPEC.columns if c.transform is Transform.LOG for n in c.inputs}
    assert logged
    assert all(SPEC.feature(name).supported.low > 0 for name in logged)


def test_the_27_cautions_are_numbered_and_say_what_is_outstanding():
    assert [r.id for r in SPEC.cautions] == [f"R{n}" for n in range(1, 28)]
    for rule in SPEC.cautions:
        if rule.verification is not Verification.VERIFIED:
            assert len(rule.outstanding) > len("None"), rule.id
        if rule.source == "Source to be supplied":
            assert rule.verification is Verification.UNVERIFIED, rule.id


def test_no_text_of_the_decision_promises_or_advises():
    said = [SPEC.intended_use, SPEC.outcome.definition, SPEC.title]
    said += [m for r in SPEC.cautions for m in r.message.values()]
    for text in said:
        for banned in ("0.87", "you should", "better drug", "AI says"):
            assert banned not in text


HEADER = (
    "id,priority,title,trigger,severity_tnfi,severity_il6i,message_tnfi,message_il6i,source,source_date,"
    "verification,outstanding\n"
)


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ("R1,1,t,t,STOPP,-,m,m,s,2021,verified,None", "'STOPP' is not a valid Severity"),
        ("R1,1,t,t,STOP,-,m,m,s,2021,sure,None", "'sure' is not a valid Verification"),
        ("R1,first,t,t,STOP,-,m,m,s,2021,verified,None", "invalid literal"),
        ("R1,1,t,t,STOP,-,m,m,,2021,verified,None", "column 'source' is empty"),
        ("R1,1,t,t,STOP,,m,m,s,2021,verified,None", "column 'severity_il6i' is empty"),
    ],
)
def test_a_wrong_caution_is_named_with_file_and_line(tmp_path, row, told):
    path = tmp_path / "cautions.csv"
    path.write_text(HEADER + row + "\n", encoding="utf-8")
    with pytest.raises(CautionFileError, match=told) as caught:
        read_cautions(path, SPEC.treatments)
    assert str(caught.value).startswith("cautions.csv:2")


def test_a_caution_listed_twice_is_refused(tmp_path):
    row = "R1,1,t,t,STOP,-,m,m,s,2021,verified,None\n"
    path = tmp_path / "cautions.csv"
    path.write_text(HEADER + row + row, encoding="utf-8")
    with pytest.raises(CautionFileError, match=r"cautions\.csv:3: R1 is listed twice"):
        read_cautions(path, SPEC.treatments)


CONFIGURED = """
import dataclasses
from decision.catalog.ra_biologic_response.spec import SPEC as OTHER

SPEC = dataclasses.replace(OTHER, id="lupus_flare", local="nowhere")


def configured(local):
    if local.of("lupus_flare").get("wrong"):
        raise ValueError("wrong is unknown")
    return dataclasses.replace(SPEC, local=local.jurisdiction)
"""


def test_a_folder_whose_rules_differ_by_place_is_configured_for_it(tmp_path, monkeypatch):
    package = write_decision(tmp_path, monkeypatch, "lupus_flare", CONFIGURED)
    here = {"package": package, "root": tmp_path / package}
    assert catalog.load("lupus_flare", **here).local == ""
    found = catalog.discover(Local(jurisdiction="UK"), **here)
    assert found["lupus_flare"].local == "UK"


def test_a_choice_that_a_folder_refuses_is_an_error_with_file_and_line(tmp_path, monkeypatch):
    package = write_decision(tmp_path, monkeypatch, "lupus_flare", CONFIGURED)
    wrong = Local(settings={"lupus_flare": {"wrong": True}})
    with pytest.raises(catalog.SpecError, match=r"lupus_flare.*spec\.py:10: wrong is unknown"):
        catalog.load("lupus_flare", wrong, package=package, root=tmp_path / package)


def test_what_a_folder_is_configured_to_must_be_a_decision(tmp_path, monkeypatch):
    package = write_decision(tmp_path, monkeypatch, "lupus_flare", "configured = repr\n")
    with pytest.raises(catalog.SpecError, match="what configured"):
        catalog.load("lupus_flare", package=package, root=tmp_path / package)
