"""Who is in the SIMULATED progression cohort: age, sex, genes, antibodies, body mass index."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np

from models.cohort import Floats, Ints
from models.design import Bools
from models.simulate.t1d_tables import SINGLE, TIMES, of_site, of_stratum

AGES = (1.0, 45.0)
HLA = ("dr3_dr4", "dq8_dq8", "dr3_dr3", "dq8_x", "dr3_x", "other", "dq62_x")
DQ_TERMS = np.array([3.632269, 3.135265, 2.163682, 2.078323, 1.262935, 0.0, -1.426891])
"""Contribution of each HLA group to GRS2 (Sharp 2019, PMC6341291); "other" counts as 0."""
GRS2_REST_SD = 1.6
_BMI_AGES = (1, 3, 5, 6, 8, 10, 12, 14, 16, 18, 25, 35, 45)
_BMI_MEDIANS = (16.8, 15.9, 15.4, 15.4, 15.9, 16.8, 18.1, 19.6, 20.9, 22.0, 24.5, 26.3, 27.3)
_BMI_SD_AGES, _BMI_SDS = (1, 5, 10, 18, 45), (0.08, 0.10, 0.14, 0.17, 0.18)


@dataclass(frozen=True, slots=True, kw_only=True)
class People:
    """True values at entry, one row per person.

    stratum, site, hla : (n,) numbers into their tables · antibodies : (n, 4) GADA, IAA, IA-2A,
    ZnT8A · glucose : (n, 5) mg/dL · c_peptide : (n, 5) ng/mL · hba1c : (n,) %
    """

    stratum: Ints
    site: Ints
    age: Floats
    male: Bools
    relative: Bools
    hla: Ints
    grs2: Floats
    antibodies: Bools
    bmi: Floats
    glucose: Floats
    c_peptide: Floats
    hba1c: Floats

    @property
    def n(self) -> int:
        return len(self.stratum)

    @property
    def ia2a(self) -> Bools:
        """(n,) IA-2A truly positive."""
        return np.asarray(self.antibodies[:, 2])

    @property
    def counted(self) -> Ints:
        """(n,) 1 to 3 antibodies; ZnT8A is displayed, not counted."""
        return np.asarray(self.antibodies[:, :3].sum(axis=1))

    def rows(self, where: Bools | Ints) -> People:
        """The people selected by a mask or by row numbers."""
        return replace(self, **{f.name: getattr(self, f.name)[where] for f in fields(self)})


def pick(weights: Floats, rng: np.random.Generator) -> Ints:
    """(n,) one column per row of (n, c) weights, in their proportion."""
    ends = np.cumsum(weights, axis=1)
    at = rng.random(len(weights))[:, None] * ends[:, -1:]
    return np.asarray((at >= ends[:, :-1]).sum(axis=1), dtype=np.int64)


def draw_people(stratum: Ints, site: Ints, rng: np.random.Generator) -> People:
    """Everything about the people but what a glucose test and HbA1c will show (those are 0)."""
    n = len(stratum)
    age = _ages(stratum, rng)
    hla = pick(of_stratum(*[f"hla_{group}" for group in HLA]).T[stratum], rng)
    return People(
        stratum=stratum,
        site=site,
        age=age,
        male=rng.random(n) < of_stratum("male")[stratum],
        relative=rng.random(n) < of_site("relatives")[site],
        hla=hla,
        grs2=DQ_TERMS[hla] + rng.normal(of_stratum("grs2_rest_mean")[stratum], GRS2_REST_SD),
        antibodies=_antibodies(stratum, rng),
        bmi=median_bmi(age)
        * np.exp(np.interp(age, _BMI_SD_AGES, _BMI_SDS) * rng.standard_normal(n)),
        glucose=np.zeros((n, len(TIMES))),
        c_peptide=np.zeros((n, len(TIMES))),
        hba1c=np.zeros(n),
    )


def median_bmi(age: Floats) -> Floats:
    """kg/m2 at an age in years, linear between the specified ages."""
    return np.asarray(np.interp(age, _BMI_AGES, _BMI_MEDIANS))


def _ages(stratum: Ints, rng: np.random.Generator) -> Floats:
    """Truncated lognormal, by drawing again whoever falls outside."""
    centre = np.log(of_stratum("age_median"))[stratum]
    spread = of_stratum("age_log_sd")[stratum]
    age = np.zeros(len(stratum))
    left = np.arange(len(stratum))
    while len(left):
        age[left] = np.exp(rng.normal(centre[left], spread[left]))
        left = left[(age[left] < AGES[0]) | (age[left] > AGES[1])]
    return age


def _antibodies(stratum: Ints, rng: np.random.Generator) -> Bools:
    """(n, 4) GADA, IAA, IA-2A, ZnT8A."""
    one = pick(of_stratum("gada_of_one", "iaa_of_one", "ia2a_of_one").T[stratum] + 1e-12, rng)
    pair = pick(
        of_stratum("gada_iaa_of_two", "gada_ia2a_of_two", "iaa_ia2a_of_two").T[stratum] + 1e-12,
        rng,
    )
    three = rng.random(len(stratum)) < of_stratum("three_antibodies")[stratum]
    pairs = np.array([[1, 1, 0], [1, 0, 1], [0, 1, 1]], dtype=bool)
    several = pairs[pair] | three[:, None]
    counted = np.where((stratum == SINGLE)[:, None], np.eye(3, dtype=bool)[one], several)
    znt8a = rng.random(len(stratum)) < of_stratum("znt8a")[stratum]
    return np.column_stack([counted, znt8a])
