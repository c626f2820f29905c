"""Names by which an uncoded drug is recognised: read strictly, matched as words."""

from __future__ import annotations

import pytest

from decision.catalog.ra_biologic_response.codelists import DRUG_NAMES
from decision.clinical.codes import CodeError
from decision.evidence.drug_names import read_names

HEADER = "concept,name,status,citation\n"


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ("nothing,Humira,verified,c", "concept 'nothing' has no code list"),
        ("a,,verified,c", "needs letters and a citation"),
        ("a,Humira,verified,", "needs letters and a citation"),
        ("a,Humira,sure,c", "'sure' is not a valid CodeStatus"),
        ("a,Humira,verified,c\na,HUMIRA,verified,c", r"names\.csv:3: 'HUMIRA' is listed twice"),
    ],
)
def test_a_wrong_name_is_refused_with_file_and_line(tmp_path, row, told):
    path = tmp_path / "names.csv"
    path.write_text(HEADER + row + "\n", encoding="utf-8")
    with pytest.raises(CodeError, match=told):
        read_names(path, ("a",))


def test_a_name_is_a_word_of_its_own_in_any_case_and_a_strength_may_follow():
    humira = next(n for n in DRUG_NAMES if n.name == "Humira")
    assert all(humira.within(w) for w in ("HUMIRA", "Humira40mg", "pen (humira)", "humira-x"))
    assert not any(humira.within(w) for w in ("", "Humiran", "ahumira"))


@pytest.mark.parametrize(
    "name", ["Amgevita", "Benepali", "Remsima", "Simponi", "Cimzia", "RoActemra", "Kevzara"]
)
def test_the_products_in_use_are_known(name):
    assert name in {n.name for n in DRUG_NAMES}
