"""What triggers each caution: pure functions from a record to signs, one file per kind of
evidence.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from decision.catalog.ra_biologic_response.triggers import (
    blood,
    diagnoses,
    infections,
    situation,
    therapy,
)
from decision.evidence.signs import Trigger

TRIGGERS: Mapping[str, Trigger] = MappingProxyType(
    {
        "R1": diagnoses.heart_failure,
        "R2": diagnoses.demyelination,
        "R3": diagnoses.bowel_perforation_risk,
        "R4": blood.low_neutrophils,
        "R5": blood.low_platelets,
        "R6": blood.raised_liver_enzymes,
        "R7": diagnoses.liver_disease,
        "R8": diagnoses.lipids_and_vessels,
        "R9": infections.tuberculosis,
        "R10": infections.hepatitis_b_antigen,
        "R11": infections.past_hepatitis_b,
        "R12": infections.active_serious_infection,
        "R13": infections.recent_serious_infection,
        "R14": infections.mycobacteria,
        "R15": situation.pregnancy,
        "R16": diagnoses.uveitis,
        "R17": diagnoses.bowel_inflammation,
        "R18": diagnoses.psoriasis,
        "R19": diagnoses.lung_disease,
        "R20": diagnoses.amyloid_or_castleman,
        "R21": diagnoses.lupus_features,
        "R22": diagnoses.recent_cancer,
        "R23": therapy.no_csdmard_possible,
        "R24": therapy.earlier_tnfi_stopped,
        "R25": situation.surgery_or_live_vaccine,
        "R26": situation.weight_route_latex,
        "R27": situation.payer_eligibility_england,
    }
)
