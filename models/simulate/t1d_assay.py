"""What the sites of the SIMULATED progression cohort measure and record of the true values."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from models.cohort import Floats, Ints
from models.design import Bools
from models.simulate.t1d_markers import index60, recorded_stage
from models.simulate.t1d_people import People
from models.simulate.t1d_tables import SINGLE, TIMES, of_site

GLUCOSE_CV, C_PEPTIDE_CV, HBA1C_SD, GRS2_SD = 0.025, 0.07, 0.08, 0.10
IA2A_SPECIFICITY = 0.99
HBA1C_MISSING, BMI_MISSING, MICROBIOME_PRESENT = 0.05, 0.03, 0.12

Recorded = Mapping[str, Floats]
"""Feature -> (n,) as recorded, NaN where it was not."""


def lasting(people: People, rng: np.random.Generator, complete: bool = False) -> dict[str, Floats]:
    """What is measured once per person. The microbiome is noise: it must never help a model.

    complete : as if nothing were ever missing
    """
    n, site = people.n, people.site
    positive = np.where(people.ia2a, of_site("ia2a_sensitivity")[site], 1.0 - IA2A_SPECIFICITY)
    grs2 = people.grs2 + of_site("grs2_offset")[site] + GRS2_SD * rng.standard_normal(n)
    return {
        "male": people.male.astype(np.float64),
        "relative": people.relative.astype(np.float64),
        "ia2a": (rng.random(n) < positive).astype(np.float64),
        "antibodies": people.counted.astype(np.float64),
        "znt8a": people.antibodies[:, 3].astype(np.float64),
        "grs2": _blank(grs2, (not complete) * of_site("grs2_missing")[site], rng),
        "bmi": _blank(people.bmi, np.full(n, (not complete) * BMI_MISSING), rng),
        "microbiome": _blank(rng.standard_normal(n), np.full(n, 1.0 - MICROBIOME_PRESENT), rng),
    }


def metabolic(
    site: Ints,
    glucose: Floats,
    c_peptide: Floats,
    hba1c: Floats,
    rng: np.random.Generator,
    complete: bool = False,
) -> dict[str, Floats]:
    """One visit's glucose test and HbA1c, each recorded or missing as a whole.

    site, hba1c : (n,) · glucose, c_peptide : (n, 5) true values
    """
    n = len(site)
    shown = glucose * (1.0 + GLUCOSE_CV * rng.standard_normal(glucose.shape))
    factor = of_site("c_peptide_factor")[site][:, None]
    peptide = c_peptide * factor * np.exp(C_PEPTIDE_CV * rng.standard_normal(c_peptide.shape))
    missing = rng.random(n) < (not complete) * of_site("ogtt_missing")[site]
    shown[missing], peptide[missing] = np.nan, np.nan
    a1c = hba1c + of_site("hba1c_offset")[site] + HBA1C_SD * rng.standard_normal(n)
    return {
        **{f"glucose_{t}": shown[:, j] for j, t in enumerate(TIMES)},
        **{f"c_peptide_{t}": peptide[:, j] for j, t in enumerate(TIMES)},
        "index60": index60(shown, peptide),
        "hba1c": _blank(a1c, np.full(n, (not complete) * HBA1C_MISSING), rng),
    }


def stages(several: Bools, recorded: Recorded) -> tuple[Ints, Ints]:
    """(n,) stratum by everything recorded, and by HbA1c alone as if no glucose were known."""
    glucose = np.stack([recorded[f"glucose_{t}"] for t in TIMES], axis=1)
    known = recorded_stage(several, glucose, recorded["hba1c"])
    blind = recorded_stage(several, np.full_like(glucose, np.nan), recorded["hba1c"])
    return known, blind


def several(people: People) -> Bools:
    """(n,) two or more confirmed antibodies; confirmation takes a second sample, so this is true
    even where one IA-2A measurement fails.
    """
    return np.asarray(people.stratum != SINGLE)


def _blank(values: Floats, share: Floats, rng: np.random.Generator) -> Floats:
    return np.where(rng.random(len(values)) < share, np.nan, values)
