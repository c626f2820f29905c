"""The declarative file of a study: every shipped one loads, and every mistake is named."""

from __future__ import annotations

import pytest

from models.studies.errors import MappingError
from models.studies.mapping import load_mapping, parse_mapping, plain, shipped
from tests.study_files import MINE

PROMISED = {"GSE78068", "GSE138746", "GSE138747", "GSE198520", "GSE129705", "E-MTAB-11611"}


def test_every_promised_study_has_a_mapping_of_its_own_accession():
    assert set(shipped()) == PROMISED
    for name in PROMISED:
        mapping = load_mapping(name)
        assert mapping.accession == name
        assert mapping.checked
        assert mapping.terms


def test_names_nobody_could_check_are_marked_so():
    assert set(load_mapping("E-MTAB-11611").unverified) == {
        "person",
        "drug",
        "timepoint",
        "response",
    }
    assert "response" in load_mapping("GSE78068").unverified
    # Nothing was read in the files themselves, so nothing may claim it.
    for name in PROMISED:
        mapping = load_mapping(name)
        assert "verified" not in {f.verification.value for f in mapping.fields.values()}, name


def test_the_series_above_another_is_of_the_same_persons():
    assert load_mapping("GSE138747").people == load_mapping("GSE138746").people


def test_names_are_compared_without_case_and_separators():
    assert plain(" Cell_Type ") == plain("cell  type") == "cell type"


def changed(old: str, new: str) -> str:
    assert old in MINE
    return MINE.replace(old, new, 1)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        (changed("[response]", "[respons]"), "'respons' is not known here"),
        (changed("reached = ", "reach = "), "'reach' is not known here"),
        (changed('specimen = "whole-blood"', 'specimen = "blood"'), "'specimen' is wrong"),
        (changed('citation = "Ours."\n', ""), "'citation' is missing"),
        (changed('kind = "tpm"', 'kind = "reads"'), "'kind' is wrong"),
        (changed("weeks = 24", 'weeks = "24"'), "'weeks' is wrong"),
        (changed('verification = "unverified"', 'verification = "yes"'), "'verification'"),
        (changed('from = "drug"', 'from = "drug"\nalways = "tnfi"'), "either `from` or `always`"),
        (changed('from = "drug"\n', ""), "either `from` or `always`"),
        (changed('not_reached = ["no"]', 'not_reached = ["no", "Yes"]'), "two meanings"),
        (changed('reached = ["yes"]\nnot_reached = ["no"]\n', ""), "says what no value means"),
        (changed('from = "subject"', "from = \"subject\"\npattern = '('"), "'pattern' is wrong"),
        (changed('from = "subject"', "from = \"subject\"\npattern = 'x'"), "exactly one group"),
        (changed("[timepoint]", "[timepoints]"), "not known here"),
        (MINE.split("[drug]")[0], "no part [drug]"),
        (changed('always = "baseline"', 'always = "later"'), "'always' is wrong"),
        (MINE + "\n[expected]\ntnfi = { patients = 3 }\n", "'patients' is not known here"),
    ],
)
def test_a_mistake_is_named_with_its_place_and_remedy(text, named):
    with pytest.raises(MappingError) as caught:
        parse_mapping(text, "mine.toml")
    assert named in f"{caught.value.message} {caught.value.remedy}"
    assert "mine.toml" in caught.value.message
    assert caught.value.remedy


def test_a_study_without_a_mapping_lists_those_that_have_one(tmp_path):
    with pytest.raises(MappingError) as caught:
        load_mapping("GSE1")
    assert "GSE129705" in caught.value.remedy
    broken = tmp_path / "broken.toml"
    broken.write_text("[study\n")
    with pytest.raises(MappingError, match="is not TOML"):
        load_mapping(str(broken))
