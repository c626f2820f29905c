"""An expression file of a record becomes a result the decision finds; a bad one, a reason."""

from __future__ import annotations

import base64
import gzip
import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from decision import catalog
from decision.assess import Decision
from decision.clinical.features import Found, Missing, MissingReason
from decision.clinical.record import IssueKind, PatientRecord
from decision.clinical.spec import Modality
from decision.rules import derive_features
from decision.ui.texts.gaps import NOT_USED, expression_rows
from expressed import scoring
from fhir.bundles import FolderSource
from models.decisions import ARTIFACTS
from models.expression.errors import RegistryError
from models.predictor import load_predictor
from tests.expression_samples import (
    ARRAY,
    CSV,
    PARQUET,
    RNA,
    TSV,
    declared,
    genes,
    parquet,
    sample,
    scorer,
    table,
)
from tests.fhir_builders import LOCAL, NAME

Json = dict[str, Any]
ROOT = Path(__file__).parent.parent
DEMO = ROOT / "examples" / "demo_patients" / "demo-08-transcript.json"
DECISION, INTERFERON, NONRESPONSE = (
    "ra_biologic_response",
    "interferon_score",
    "tnfi_nonresponse_score",
)
DECLARED = "urn:treatment-response:expression-"
PERSON = "demo-08"


@cache
def decision() -> Decision:
    spec = catalog.load(DECISION)
    return Decision(spec=spec, predictor=load_predictor(spec, ARTIFACTS / DECISION))


def encoded(content: bytes) -> str:
    return base64.b64encode(content).decode()


def document(
    content: bytes = b"",
    kind: str = TSV,
    *,
    platform: str = RNA,
    scale: str = "tpm",
    tissue: str = "whole-blood",
    day: str = "2026-11-10",
    identity: str = "e1",
    more: tuple[tuple[str, str], ...] = (),
    **attachment: Any,
) -> Json:
    stated = [("platform", platform), ("scale", scale), ("tissue", tissue), *more]
    extensions: list[Json] = [{"url": DECLARED + k, "valueString": v} for k, v in stated if v]
    if day:
        extensions.append({"url": f"{DECLARED}specimen-date", "valueDate": day})
    held = {"contentType": kind, **({"data": encoded(content)} if content else {}), **attachment}
    return {
        "resourceType": "DocumentReference",
        "id": identity,
        "status": "current",
        "type": {"text": "anything"},
        "subject": {"reference": f"Patient/{PERSON}"},
        "date": "2026-11-12T00:00:00Z",
        "extension": extensions,
        "content": [{"attachment": held}],
    }


def record(
    tmp_path: Path,
    *added: Json,
    without: tuple[str, ...] = ("interferon-score",),
    scored: bool = True,
) -> PatientRecord:
    """The demonstration's patient with RNA results, some of them taken out and resources added."""
    content = json.loads(DEMO.read_text(encoding="utf-8"))

    def is_out(resource: Json) -> bool:
        codings = resource.get("code", {}).get("coding", [])
        return any(c.get("system") == LOCAL and c.get("code") in without for c in codings)

    kept = [e for e in content["entry"] if not is_out(e["resource"])]
    content["entry"] = [*kept, *({"resource": r} for r in added)]
    (tmp_path / "case.json").write_text(json.dumps(content), encoding="utf-8")
    source = FolderSource(tmp_path)
    return (scoring([decision()], None)(source) if scored else source).load(PERSON)


def finding(found: PatientRecord, feature: str) -> Found | Missing:
    return dict(derive_features(found, decision().spec).findings)[feature]


def answer(found: PatientRecord):
    model = decision().predictor
    features = derive_features(found, decision().spec)
    return model.answer(features, site=model.identity.sites[0], level=0.9)


def test_a_file_inside_a_document_becomes_the_interferon_score_of_its_specimens_day(tmp_path):
    found = finding(record(tmp_path, document(table())), INTERFERON)
    assert isinstance(found, Found)
    expected = scorer().score(table(), declared()).scores["interferon_alpha"]
    assert found.value == pytest.approx(expected.standard, abs=1e-4)
    assert found.evidence.sources[0].reference == "DocumentReference/e1"
    assert found.evidence.effective.text == "2026-11-10"


def test_a_binary_beside_the_document_is_the_same_file(tmp_path):
    binary = {"resourceType": "Binary", "id": "b1", "contentType": TSV, "data": encoded(table())}
    beside = record(tmp_path, document(url="Binary/b1"), binary)
    inside = record(tmp_path, document(table()))
    assert finding(beside, INTERFERON).value == finding(inside, INTERFERON).value


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (lambda: gzip.compress(table()), TSV),
        (lambda: table(delimiter=","), CSV),
        (lambda: parquet({"gene": genes(), "S1": sample()}), PARQUET),
    ],
)
def test_gzip_csv_and_parquet_come_to_the_same_score(tmp_path, content, kind):
    ours = finding(record(tmp_path, document(content(), kind)), INTERFERON)
    plain = finding(record(tmp_path, document(table())), INTERFERON)
    assert ours.value == pytest.approx(plain.value, abs=1e-3)


def test_with_the_laboratorys_nonresponse_score_rna_counts_as_present(tmp_path):
    """The model's quorum is both: one from the file's panel, one reported."""
    found = record(tmp_path, document(table()))
    assert Modality.TRANSCRIPTOMIC not in answer(found).absent_modalities
    alone = record(
        tmp_path, document(table()), without=("interferon-score", "tnfi-nonresponse-score")
    )
    assert Modality.TRANSCRIPTOMIC in answer(alone).absent_modalities


def test_the_feature_without_a_panel_says_why_a_file_does_not_give_it(tmp_path):
    both = ("interferon-score", "tnfi-nonresponse-score")
    found = finding(record(tmp_path, document(table()), without=both), NONRESPONSE)
    assert isinstance(found, Missing)
    assert found.reason is MissingReason.UNUSABLE
    assert "not public" in found.detail


def test_one_blood_on_two_platforms_gives_nearly_the_same_answer(tmp_path):
    first = answer(record(tmp_path, document(table())))
    array = document(table(ARRAY), platform=ARRAY, scale="intensity")
    second = answer(record(tmp_path, array))
    for a, b in zip(first.predictions, second.predictions, strict=True):
        assert a.probability == pytest.approx(b.probability, abs=0.02)


BAD: dict[str, tuple[Json, str]] = {
    "unknown platform": (document(b"x", platform="another"), "not registered"),
    "another specimen": (document(b"x", tissue="synovium"), "another specimen"),
    "no scale": (document(b"x", scale=""), "not declared"),
    "another kind": (document(b"x", scale="count"), "rank differently"),
    "rubbish": (document(bytes(range(256))), "no text"),
    "not a table": (document(b"hello world"), "one column"),
    "cut off": (document(gzip.compress(b"gene\tS1\nA\t1\n" * 99)[:-9]), "cut off"),
    "formula": (document(b"gene\tS1\n=cmd|x\t1\n"), "formula"),
    "mouse": (document(b"gene\tS1\nActb\t1\nCd19\t99\n"), "another species"),
    "few genes": (document(b"gene\tS1\nOAS1\t900000\nMX2\t99\n"), "0% of the genes"),
}


@pytest.mark.parametrize("kind", BAD)
def test_a_bad_file_leaves_the_rest_of_the_answer_as_it_is(tmp_path, kind):
    """The modality is missing with the file's reason; every other input and the answer itself are
    those of the same record without the file.
    """
    bad, said = BAD[kind]
    found = record(tmp_path, bad)
    plain = record(tmp_path)
    missing = finding(found, INTERFERON)
    assert isinstance(missing, Missing)
    assert missing.reason is MissingReason.UNUSABLE
    assert said in missing.detail
    assert NAME not in missing.detail
    for feature in decision().spec.features:
        if feature.id != INTERFERON:
            assert finding(found, feature.id) == finding(plain, feature.id)
    assert answer(found).predictions == answer(plain).predictions
    assert found.expression[0].use.startswith("not used: ")


def test_a_file_of_several_samples_needs_the_name_which_is_never_repeated(tmp_path):
    head, *rows = table().decode().splitlines()
    twice = "\n".join([f"{head}\t{NAME}", *(f"{r}\t{r.split(chr(9))[1]}" for r in rows)]).encode()
    refused = record(tmp_path, document(twice))
    assert "2 samples" in finding(refused, INTERFERON).detail
    assert NAME not in repr(refused)
    chosen = record(tmp_path, document(twice, more=(("sample", NAME),)))
    assert isinstance(finding(chosen, INTERFERON), Found)
    assert NAME not in repr(chosen)


def test_a_laboratorys_own_result_of_the_same_day_or_later_stands(tmp_path):
    """demo-08 has 0.9 of 4 November: an older file changes nothing, a newer one is used."""
    older = record(tmp_path, document(table(), day="2026-11-01"), without=())
    same = record(tmp_path, document(table(), day="2026-11-04"), without=())
    newer = record(tmp_path, document(table(), day="2026-11-10"), without=())
    assert finding(older, INTERFERON).value == finding(same, INTERFERON).value == 0.9
    assert finding(newer, INTERFERON).evidence.sources[0].reference == "DocumentReference/e1"
    assert finding(newer, NONRESPONSE).value == 1.6


def test_an_older_result_is_used_with_a_word_when_the_newer_file_is_bad(tmp_path):
    found = finding(record(tmp_path, document(b"x", platform="another"), without=()), INTERFERON)
    assert found.value == 0.9
    assert "a newer result" in found.evidence.caveat


def test_only_the_newest_usable_file_is_scored(tmp_path):
    first = {**document(b"junk", identity="e1"), "date": "2026-11-14T00:00:00Z"}
    second = {**document(table(), identity="e2"), "date": "2026-11-13T00:00:00Z"}
    third = {**document(table(row=1), identity="e3"), "date": "2026-11-12T00:00:00Z"}
    found = record(tmp_path, third, first, second)
    assert finding(found, INTERFERON).evidence.sources[0].reference == "DocumentReference/e2"
    uses = {f.source.reference[-2:]: f.use for f in found.expression}
    assert uses["e1"].startswith("not used")
    assert uses["e2"] == "11 panel scores (Simulated RNA-seq, simulated)"
    assert uses["e3"] == "a newer one is used"


def test_a_file_without_the_specimens_day_is_not_used(tmp_path):
    found = record(tmp_path, document(table(), day=""))
    assert isinstance(finding(found, INTERFERON), Missing)
    assert "when the specimen was taken" in found.expression[0].use


def test_a_document_that_declares_no_expression_is_left_alone(tmp_path):
    letter = document(b"Dear colleague", "text/plain", platform="", scale="", tissue="")
    found = record(tmp_path, letter)
    plain = record(tmp_path)
    assert found.expression == ()
    assert found.issues == plain.issues


def test_a_file_of_another_type_or_without_content_is_a_doubt(tmp_path):
    for bad in (document(b"x", "image/png"), document(url="Binary/none")):
        found = record(tmp_path, bad)
        assert found.expression == ()
        assert any(i.kind is IssueKind.MALFORMED for i in found.issues)


def test_the_page_lists_what_came_of_a_file(tmp_path):
    unscored = record(tmp_path, document(table()), scored=False)
    found = record(tmp_path, document(table()))
    assert expression_rows(unscored.expression)[0][-1] == NOT_USED
    assert expression_rows(found.expression)[0][-1].startswith("11 panel scores")


def test_a_record_without_files_is_the_same_object(tmp_path):
    plain = record(tmp_path, scored=False)
    from models.expression.into_record import with_scores

    assert with_scores(plain, scorer(), decision().spec.codelists) is plain
    some = record(tmp_path, document(table()), scored=False)
    assert with_scores(some, scorer(), {}) is some


def test_a_damaged_platform_stops_the_start(tmp_path):
    own = tmp_path / "platforms" / RNA
    own.mkdir(parents=True)
    (own / "platform.json").write_text("{}")
    with pytest.raises(RegistryError):
        scoring([decision()], tmp_path / "platforms")


def test_a_hospitals_own_folder_is_the_only_one_that_counts(tmp_path):
    (tmp_path / "platforms").mkdir()
    source = FolderSource(tmp_path)
    scored = scoring([decision()], tmp_path / "platforms")(source)
    record(tmp_path, document(table()))
    assert "not registered" in finding(scored.load(PERSON), INTERFERON).detail
    assert [p.patient_id for p in scored.patients()] == [PERSON]
