"""Every code of every list at once: well-formed, cited, in one place, and no trap among them."""

import csv
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from decision.catalog import load
from decision.catalog.ra_biologic_response.codelists import CLASSES, FOLDER, load_codelists
from decision.clinical.codes import (
    ICD10CM,
    LOINC,
    SNOMED,
    SYSTEMS,
    Code,
    CodeError,
    CodeStatus,
    loinc_check_digit,
    read_codelists,
)

SPEC = load("ra_biologic_response")
ROWS = [
    (path.name, row)
    for path in sorted(FOLDER.glob("*.csv"))
    for row in csv.DictReader(path.read_text(encoding="utf-8").splitlines())
]
HEADER = "concept,system,code,display,match,status,version,citation,note\n"

# Verhoeff's tables: SNOMED CT identifiers end in a check digit of the dihedral group D5
# (SNOMED International, Release File Specification, "Check-digit computation").


def dihedral(a: int, b: int) -> int:
    if a < 5:
        return (a + b) % 5 if b < 5 else (a + b - 5) % 5 + 5
    return (a - b) % 5 + 5 if b < 5 else (a - b) % 5


def verhoeff_holds(number: str) -> bool:
    first = [1, 5, 7, 6, 2, 8, 3, 0, 9, 4]
    permuted = [list(range(10)), first]
    while len(permuted) < 8:
        permuted.append([permuted[-1][digit] for digit in first])
    check = 0
    for position, digit in enumerate(reversed(number)):
        check = dihedral(check, permuted[position % 8][int(digit)])
    return check == 0


def test_verhoeff_knows_a_snomed_number_from_a_mistyped_one():
    assert verhoeff_holds("69896004")
    assert not verhoeff_holds("69896005")
    assert not verhoeff_holds("69869004")


@pytest.mark.parametrize(
    ("file", "row"), ROWS, ids=[f"{r['concept']}-{r['system']}-{r['code']}" for _, r in ROWS]
)
def test_every_listed_code_is_well_formed_and_cited(file, row):
    assert row["system"] in SYSTEMS
    assert row["status"] in {"verified", "unverified"}
    assert row["match"] in {"exact", "prefix"}
    assert row["display"].strip()
    assert row["citation"].strip()
    assert row["version"]
    if row["system"] == "SNOMED":
        assert verhoeff_holds(row["code"]), "SNOMED CT check digit is wrong"
    if row["match"] == "prefix":
        assert row["system"] in {"ICD-10-CM", "ATC"}, "only categories match by prefix"
    if row["system"] in {"SNOMED", "RxNorm"}:
        assert row["code"].isdigit()


def test_no_code_from_general_knowledge_calls_itself_verified():
    claimed = [r["code"] for _, r in ROWS if "General knowledge" in r["citation"]]
    assert claimed
    for _, row in ROWS:
        if "General knowledge" in row["citation"]:
            assert row["status"] == "unverified", row["code"]


@pytest.mark.parametrize(
    "trap",
    [
        Code(system=LOINC, code="90037-3", display="global health, not disease activity"),
        Code(system=LOINC, code="75633-8", display="an activity score that does not say which"),
        Code(system=LOINC, code="75634-6"),
        Code(system=LOINC, code="75635-3"),
        Code(system=LOINC, code="88982-4"),
        Code(system=LOINC, code="90094-4"),
        Code(system=LOINC, code="46217-6", display="a concentration, not a screen"),
        Code(system=ICD10CM, code="M06.1", display="adult-onset Still disease"),
        Code(system=ICD10CM, code="M06.4", display="inflammatory polyarthropathy"),
        Code(system=ICD10CM, code="M06"),
        Code(system=SNOMED, code="44054006", display="type 2 diabetes"),
    ],
    ids=lambda code: code.code,
)
def test_a_code_that_only_looks_right_is_in_no_list(trap):
    assert [name for name, codelist in SPEC.codelists.items() if trap in codelist] == []


def test_the_anti_ccp_number_with_a_wrong_check_digit_cannot_even_be_written():
    with pytest.raises(CodeError, match="32218-9"):
        Code(system=LOINC, code="32218-9")
    assert Code(system=LOINC, code="32218-0") in SPEC.codelists["acpa"]


def test_codes_of_the_sample_bundles_are_known():
    expected = {
        "rheumatoid_arthritis": Code(system=SNOMED, code="69896004"),
        "heart_failure": Code(system=SNOMED, code="88805009"),
        "methotrexate": Code(system=SYSTEMS["RxNorm"], code="105586"),
        "csdmard": Code(system=SYSTEMS["RxNorm"], code="105586"),
        "nsaid": Code(system=SYSTEMS["RxNorm"], code="198014"),
        "hemoglobin": Code(system=LOINC, code="718-7"),
        "answer_not_current_smoker": Code(system=SNOMED, code="266919005"),
    }
    for concept, code in expected.items():
        assert code in SPEC.codelists[concept], concept


def test_seropositive_ra_matches_by_category_of_icd():
    arthritis = SPEC.codelists["rheumatoid_arthritis"]
    assert Code(system=ICD10CM, code="M05.79") in arthritis
    assert Code(system=ICD10CM, code="M06.9") in arthritis


@pytest.mark.parametrize("class_id", CLASSES)
def test_a_drug_class_is_exactly_the_union_of_its_drugs(class_id):
    listed = {e.code for e in SPEC.codelists[class_id].entries}
    assert listed == {e.code for d in CLASSES[class_id] for e in SPEC.codelists[d].entries}


def test_no_drug_code_means_two_drugs():
    drugs = {d for members in CLASSES.values() for d in members}
    owners: dict[Code, str] = {}
    for drug in sorted(drugs):
        for entry in SPEC.codelists[drug].entries:
            assert owners.setdefault(entry.code, drug) == drug, entry.code


def test_an_answer_never_means_yes_and_no():
    for positive, negative in (
        ("answer_positive", "answer_negative"),
        ("interpretation_positive", "interpretation_negative"),
        ("answer_current_smoker", "answer_not_current_smoker"),
        ("nyha_3_4", "nyha_1_2"),
    ):
        yes = {e.code for e in SPEC.codelists[positive].entries}
        assert not yes & {e.code for e in SPEC.codelists[negative].entries}


def test_the_loinc_notice_stands_beside_the_lists():
    notice = (FOLDER / "NOTICE.md").read_text(encoding="utf-8")
    assert "Regenstrief" in notice
    assert "loinc.org/license" in notice


def test_no_code_of_a_public_system_is_written_in_a_python_file():
    root = Path(__file__).parent.parent / "decision"
    public = {r["code"] for _, r in ROWS if r["system"] in {"LOINC", "SNOMED", "RxNorm"}}
    long_enough = {code for code in public if len(code) > 4}
    for path in root.rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        assert not [c for c in long_enough if f'"{c}"' in text], path.name


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("crp,LOINC,1988-4,CRP,exact,verified,1,x,", "check digit 4 should be 5"),
        ("crp,FOO,1,CRP,exact,verified,1,x,", "unknown system 'FOO'"),
        ("crp,LOINC,1988-5,CRP,exact,sure,1,x,", "sure"),
    ],
)
def test_a_wrong_row_is_named_with_file_and_line(tmp_path, line, told):
    (tmp_path / "laboratory.csv").write_text(HEADER + line + "\n", encoding="utf-8")
    with pytest.raises(CodeError, match=told) as caught:
        read_codelists(tmp_path / "laboratory.csv")
    assert "laboratory.csv:2" in str(caught.value)


def test_a_concept_in_two_files_is_refused(tmp_path):
    for name in ("a.csv", "b.csv"):
        row = "crp,LOINC,1988-5,CRP,exact,verified,1,x,\n"
        (tmp_path / name).write_text(HEADER + row, encoding="utf-8")
    with pytest.raises(CodeError, match=r"b\.csv.*crp"):
        load_codelists(tmp_path)


def test_a_class_whose_drugs_have_no_codes_is_refused(tmp_path):
    with pytest.raises(CodeError, match="adalimumab"):
        load_codelists(tmp_path)


@given(number=st.integers(1, 9_999_999), wrong=st.integers(1, 9))
def test_a_loinc_number_with_any_other_check_digit_is_refused(number, wrong):
    # the check digit is what separates a mistyped number from a real one, hence always computed
    right = loinc_check_digit(str(number))
    assert Code(system=LOINC, code=f"{number}-{right}").code
    with pytest.raises(CodeError):
        Code(system=LOINC, code=f"{number}-{(right + wrong) % 10}")


def test_every_list_says_how_sure_its_codes_are():
    statuses = {e.status for c in SPEC.codelists.values() for e in c.entries}
    assert statuses == {CodeStatus.VERIFIED, CodeStatus.UNVERIFIED}
