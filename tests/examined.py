"""A decision that asks for joint counts, globals and a questionnaire's score, with one record."""

from __future__ import annotations

import dataclasses

from decision.clinical.spec import EntryKind, FeatureSpec, Modality, Player, ShownAs
from tests.fakes import FEATURES, codelist, make_feature, page_spec

CONCEPTS = {
    "tender": "tender_joints",
    "swollen": "swollen_joints",
    "patient": "patient_global",
    "physician": "physician_global",
    "function": "haq",
}


def _feature(name: str, label: str, unit: str, high: float, kind: EntryKind) -> FeatureSpec:
    made = make_feature(name, label, unit, high, required=name == "tender", kind=kind)
    assert made.entry is not None
    entry = dataclasses.replace(made.entry, concept=CONCEPTS[name])
    return dataclasses.replace(made, entry=entry, concepts=(CONCEPTS[name],))


EXAMINED = (
    _feature("tender", "Tender joints (of 28)", "{count}", 28, EntryKind.WHOLE_NUMBER),
    _feature("swollen", "Swollen joints (of 28)", "{count}", 28, EntryKind.WHOLE_NUMBER),
    _feature("patient", "Patient global (0 to 10)", "{score}", 10, EntryKind.NUMBER),
    _feature("physician", "Physician global (0 to 10)", "{score}", 10, EntryKind.NUMBER),
    _feature("function", "HAQ-DI (0 to 3)", "{score}", 3, EntryKind.NUMBER),
)
_REST = FEATURES[1:]
_SUM = ("tender", "swollen", "patient", "physician")


def examined_spec(**changes: object):
    """The joints, the globals and the score first, then what `page_spec` asks besides."""
    features = (*EXAMINED, *_REST)
    alone = tuple(
        Player(id=f.id, label=f.label, modality=f.modality, features=(f.id,))
        for f in features
        if f.id not in _SUM
    )
    activity = Player(
        id="tender",
        label="Activity",
        modality=Modality.CLINICAL,
        features=_SUM,
        shown_as=ShownAs.SUM,
    )
    lists = {f.concepts[0]: codelist(f.concepts[0]) for f in features}
    return page_spec(features=features, players=(activity, *alone), codelists=lists, **changes)
