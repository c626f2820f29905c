"""The decision's own cases, written as sentences beside its code, run one by one."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

import decision.catalog.ra_biologic_response as folder
from decision.clinical.codes import LOINC
from decision.clinical.features import Found, Missing
from decision.clinical.record import Observation, PatientRecord
from decision.clinical.spec import Eligibility
from decision.rules import derive_features
from tests.clinical_records import (
    SPEC,
    condition,
    eligible,
    medication,
    observation,
    record,
)

FILE = Path(folder.__file__).parent / "cases.toml"
CASES: list[dict[str, Any]] = tomllib.loads(FILE.read_text(encoding="utf-8"))["case"]


def observed(given: dict[str, Any]) -> Observation:
    told = dict(given)
    if told.pop("public", False):
        public = (e.code for e in SPEC.codelists[told["of"]].entries)
        told["code"] = next(c for c in public if c.system == LOINC)
    return observation(**told)


def build(case: dict[str, Any]) -> PatientRecord:
    observations = [observed(o) for o in case.get("observations", ())]
    conditions = [condition(**c) for c in case.get("conditions", ())]
    medications = [medication(**m) for m in case.get("medications", ())]
    about = {k: case[k] for k in ("born", "sex", "deceased") if k in case}
    if case.get("base") == "empty":
        return record(observations, conditions, medications, **about)
    if "activity" in case:
        observations += [observation(of, value) for of, value in case["activity"].items()]
        return record(
            observations,
            [condition("rheumatoid_arthritis", onset="2018-06"), *conditions],
            [medication("methotrexate", start="2018-08-12"), *medications],
            **about,
        )
    return eligible(observations, conditions, medications, **about)


def test_every_case_is_a_sentence_of_its_own_and_expects_something():
    names = [case["name"] for case in CASES]
    assert len(set(names)) == len(names)
    assert all(name[0].isupper() and len(name.split()) > 4 for name in names)
    assert all(case["expect"] for case in CASES)


@pytest.mark.parametrize("case", CASES, ids=[c["name"] for c in CASES])
def test_case(case: dict[str, Any]) -> None:
    told, expected = build(case), case["expect"]
    vector = derive_features(told, SPEC)
    for name, value in expected.get("features", {}).items():
        finding = vector[name]
        assert isinstance(finding, Found), f"{name}: {finding}"
        assert finding.value == value, name
        assert finding.evidence.how
    for name, reason in expected.get("missing", {}).items():
        finding = vector[name]
        assert isinstance(finding, Missing), f"{name}: {finding}"
        assert finding.reason.name == reason, f"{name}: {finding}"
        assert finding.detail
    if "criteria" in expected:
        results = SPEC.eligibility(told, SPEC)
        open_or_not = {r.id: r.state.value for r in results if r.state is not Eligibility.MET}
        assert open_or_not == expected["criteria"]
        assert all(r.detail for r in results)
    found = {f.rule.id: f for f in SPEC.find_cautions(told, SPEC)}
    for rule, said in expected.get("cautions", {}).items():
        finding = found[rule]
        presence, _, severities = said.partition(": ")
        assert finding.presence.value.startswith(presence), finding.detail
        if severities:
            shown = ", ".join(f"{t} {s.value}" for t, s in finding.severity.items())
            assert shown == severities, finding.detail
