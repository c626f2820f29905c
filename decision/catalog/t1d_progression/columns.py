"""The model's columns in its own order, whose reason each is, and the strata that never pool."""

from __future__ import annotations

from decision.catalog.t1d_progression.staging import Stratum
from decision.clinical import spec
from decision.clinical.spec import Modality, ModelColumn, Player, Transform

COLUMNS: tuple[ModelColumn, ...] = (
    ModelColumn(id="ln_age", player="age", inputs=("age",), transform=Transform.LOG),
    *(
        ModelColumn(id=name, player=name, inputs=(name,), transform=Transform.IDENTITY)
        for name in ("male", "bmi", "ia2a", "grs2", "hba1c", "index60")
    ),
)


def _player(feature: str, label: str, modality: Modality = Modality.SEROLOGICAL) -> Player:
    return Player(id=feature, label=label, modality=modality, features=(feature,))


PLAYERS: tuple[Player, ...] = (
    _player("age", "Age", Modality.CLINICAL),
    _player("male", "Sex", Modality.CLINICAL),
    _player("bmi", "Body mass index", Modality.CLINICAL),
    _player("ia2a", "IA-2 antibodies"),
    _player("grs2", "Genetic risk score (GRS2)"),
    _player("hba1c", "HbA1c"),
    _player("index60", "Glucose test (Index60)"),
)

QUORUM: dict[Modality, int] = {Modality.CLINICAL: 1, Modality.SEROLOGICAL: 1}
"""Age and sex are required anyway; any one test makes the laboratory present."""

LABELS = {
    Stratum.SINGLE: "one confirmed antibody, normal glucose",
    Stratum.STAGE_1: "stage 1: several antibodies, normal glucose",
    Stratum.STAGE_2: "stage 2: several antibodies, raised glucose",
}

STRATA: tuple[spec.Stratum, ...] = tuple(
    spec.Stratum(id=stratum.value, label=LABELS[stratum], ranges={"stratum": (number, number)})
    for number, stratum in enumerate(Stratum)
)
