"""Every vendored panel has an origin, a licence that permits it, a checksum and named genes."""

from __future__ import annotations

import shutil

import pytest

from models.expression.errors import RegistryError
from models.expression.panels import FOLDER, load_panels
from tests.expression_samples import panels

OPEN = {"CC BY 4.0", "CC BY 2.0", "MIT"}
WANTED = {"interferon", "neutrophil", "myeloid", "b_lineage", "plasmablast", "t_cell", "nk",
          "fibroblast", "tnf_nfkb", "il6_stat3"}  # fmt: skip


def test_every_panel_says_where_it_is_from_and_may_be_shipped():
    for panel in panels().panels:
        assert panel.licence in OPEN, panel.id
        assert panel.source, panel.id
        assert panel.version, panel.id
        assert "10." in panel.citation, panel.id  # a DOI
        assert panel.size == len({*panel.up, *panel.down}), panel.id


def test_every_panel_asked_for_is_there_or_named_as_missing_with_a_reason():
    there = {p.id for p in panels().panels}
    missing = {m.id for m in panels().missing}
    assert {w for w in WANTED if not any(i.startswith(w) for i in there | missing)} == set()
    assert "fibroblast" in missing
    assert not there & missing
    assert all(m.reason.endswith(".") and m.needed.endswith(".") for m in panels().missing)


def test_no_list_under_a_copyleft_licence_was_taken():
    words = (FOLDER / "panels.toml").read_text(encoding="utf-8")
    taken = words[: words.index("[[missing]]")]
    assert "GPL" not in taken
    assert (FOLDER / "LICENSE-BTM.txt").read_text(encoding="utf-8").count("Copyright (c)") == 2


@pytest.mark.parametrize(
    ("panel", "size", "members"),
    [
        ("interferon_six", 6, "IFI27 IFI44L IFIT1 ISG15 RSAD2 SIGLEC1"),  # Rice 2017
        ("interferon_ra", 5, "OAS1 LGALS3BP MX2 OAS2 SERPING1"),  # van Baarsen 2010
        ("interferon_alpha", 97, "MX1 ISG15 OAS1 HELZ2 WARS1"),  # Liberzon 2015, table 1: 97
        ("tnf_nfkb", 200, "TNF NFKBIA CCN1 ACKR3 RIGI"),  # 200
        ("il6_stat3", 87, "IL6 STAT3 SOCS3 IL6ST"),  # 87
        ("b_lineage", 49, "CD19 MS4A1 CD79A"),
        ("t_cell", 59, "CD3D CD3E"),
        ("plasmablast", 24, "TNFRSF17 MZB1"),
    ],
)
def test_known_members_under_the_symbols_of_today(panel, size, members):
    found = panels().panel(panel)
    assert found.size == size
    assert set(members.split()) <= {*found.up, *found.down}


@pytest.mark.parametrize(
    ("name", "gene"),
    [
        ("ENSG00000088827", "SIGLEC1"),
        ("CD169", "SIGLEC1"),
        ("CYR61", "CCN1"),
        ("KIAA0125", "FAM30A"),
        ("MGC29506", "MZB1"),
        ("DDX58", "RIGI"),
    ],
)
def test_a_gene_is_known_by_its_former_names_and_its_ensembl_id(name, gene):
    assert panels().names.by_name[name] == gene


def test_every_panel_gene_has_an_ensembl_id():
    named = {s for n, s in panels().names.by_name.items() if n.startswith("ENSG")}
    assert panels().names.symbols - named == set()


@pytest.fixture
def folder(tmp_path):
    return shutil.copytree(FOLDER, tmp_path / "data", ignore=shutil.ignore_patterns("platforms"))


def test_a_panel_that_was_changed_is_refused(folder):
    path = folder / "panels" / "neutrophil.csv"
    path.write_bytes(path.read_bytes() + b"TNF,up,TNF\n")
    with pytest.raises(RegistryError, match=r"neutrophil\.csv"):
        load_panels(folder)


def test_a_table_of_names_that_was_changed_is_refused(folder):
    path = folder / "genes.csv"
    path.write_bytes(path.read_bytes().replace(b"CD169", b"CD170"))
    with pytest.raises(RegistryError, match=r"genes\.csv"):
        load_panels(folder)


def test_a_gene_without_a_name_is_refused(folder):
    from hashlib import sha256

    path, registry = folder / "panels" / "interferon_six.csv", folder / "panels.toml"
    before = sha256(path.read_bytes()).hexdigest()
    path.write_bytes(path.read_bytes().replace(b"SIGLEC1,up", b"NOSUCH1,up"))
    after = sha256(path.read_bytes()).hexdigest()
    registry.write_text(registry.read_text(encoding="utf-8").replace(before, after))
    with pytest.raises(RegistryError, match="NOSUCH1"):
        load_panels(folder)
