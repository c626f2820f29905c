"""What estimates of untreated risk a treatment that the ill prefer does bias, in SIMULATED stage 2.

Treatment is available from entry here, to make the bias visible; onset is seen exactly.
"""

from __future__ import annotations

import numpy as np

from models.event_metrics import kaplan_meier
from models.simulate import t1d
from models.simulate.t1d_follow import THERAPY_AGE
from models.simulate.t1d_tables import STAGE_2
from models.treatment import kaplan_meier_weighted, starting_rate


def therapy_estimates(n: int, seed: int) -> dict[str, float]:
    """Two- and five-year risk: true, treatment ignored, censored, censored and weighted."""
    world = t1d.simulate(
        n, seed=seed + 17, sites=range(6), strata=(STAGE_2,), therapy_from_entry=True
    )
    old = world.people.age >= THERAPY_AGE
    onset, treated = world.followed.onset[old], world.followed.treated[old]
    eta, free = world.truth.eta[old], world.truth.untreated_onset[old]
    end = np.full(len(eta), 10.0)
    ignored = np.minimum(onset, end), onset <= end
    stop = np.minimum(end, treated)
    censored = np.minimum(onset, stop), onset <= stop
    z = (eta - eta.mean()) / eta.std()
    rate = starting_rate(z[:, None], censored[0], treated <= censored[0])
    got = {}
    weighted = kaplan_meier_weighted(*censored, rate)
    for t in (2.0, 5.0):
        word = f"treatment.{{}}.{t:g}"
        got[word.format("truth")] = float(np.mean(free <= t))
        got[word.format("ignored")] = 1.0 - float(kaplan_meier(*ignored).at(t))
        got[word.format("censored")] = 1.0 - float(kaplan_meier(*censored).at(t))
        got[word.format("weighted")] = 1.0 - float(weighted.at(t))
    return got
