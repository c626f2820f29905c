"""The what-if of explainerdashboard on a model of the size of ours. Run by another Python, which
has the package; the product never needs it: `python benchmarks/peer_dashboard.py PORT ROWS INPUTS`.
"""

import sys


def main() -> None:
    import numpy as np
    import pandas as pd  # type: ignore[import-untyped]
    from explainerdashboard import (  # type: ignore[import-not-found]
        ClassifierExplainer,
        ExplainerDashboard,
    )
    from sklearn.linear_model import LogisticRegression

    port, rows, inputs = (int(given) for given in sys.argv[1:4])
    chance = np.random.default_rng(20261122)
    names = [f"input_{i}" for i in range(inputs)]
    values = pd.DataFrame(chance.normal(size=(rows, inputs)), columns=names)
    # So much left to chance that one input never decides alone: every change shows in the text.
    reached = (values.sum(axis=1) + chance.normal(scale=10.0, size=rows) > 0).astype(int)
    model = LogisticRegression().fit(values, reached)
    explainer = ClassifierExplainer(
        model, values.head(200), reached.head(200), shap="linear", X_background=values.head(100)
    )
    only = {
        "importances": False,
        "model_summary": False,
        "contributions": False,
        "shap_dependence": False,
        "shap_interaction": False,
        "decision_trees": False,
    }
    ExplainerDashboard(explainer, whatif=True, **only).run(port=port, host="127.0.0.1")


if __name__ == "__main__":
    main()
