"""Pages over a folder of files as bad as they come: each is named, and nobody else is hidden."""

from __future__ import annotations

import os

from fhir.bundles import FolderSource
from tests.fakes import page_services
from tests.fhir_builders import bundle, patient, write
from tests.screens import opened, shown, start


def test_a_file_name_in_another_encoding_hides_nobody(tmp_path):
    (tmp_path / os.fsdecode(b"\xff.json")).write_text("{")
    write(tmp_path, "z.json", bundle())
    at = start(page_services(source=FolderSource(tmp_path)))

    assert "Not listed: \ufffd.json" in shown(at)
    assert [b.label for b in at.button] == ["Test Zebulon Marker"]


def test_a_patient_who_died_at_an_unrecorded_time_has_a_page(tmp_path):
    write(tmp_path, "a.json", bundle(patient(deceasedBoolean=True)))
    page = shown(opened(page_services(source=FolderSource(tmp_path)), "p1"))

    assert "this patient died (date not recorded)" in page
    assert "for review only" in page
    assert "Cautions" in page
