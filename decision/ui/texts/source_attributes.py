"""The source attributes of a predictive decision support intervention, each with its paragraph.

45 CFR 170.315(b)(11)(iv)(B), as amended by 89 FR 1192 of 9 January 2024: 31 attributes in nine
groups. Their names are shortened; each has a value or the reason why it is not available.
"""

from __future__ import annotations

from dataclasses import dataclass

from decision.assess import Decision, NoModel
from decision.clinical.account import Said
from decision.clinical.assessment import ModelIdentity
from decision.clinical.spec import DecisionSpec
from decision.ui.texts import about, checked_groups, figures
from decision.ui.texts.estimate import ordered
from decision.ui.texts.numbers import count

REGULATION = "45 CFR 170.315(b)(11)(iv)(B)"
TITLE = "Source attributes"
NOTE = (
    "The 31 source attributes that {regulation} asks of a predictive decision support intervention."
    " As data:"
)
HEAD = ("Paragraph", "Attribute", "What is known")
NOT_AVAILABLE = "Not available: {reason}"
NO_MODEL = "No model could be loaded, so nothing of it can be said."
NO_FIGURES = "The artefact carries no such figure."
NO_GROUPS = "Nobody has counted groups of patients for this model."
ROLE = "Informs clinical management. It neither drives nor replaces it: the clinician decides."
COMPARES = (
    "A prediction: two probabilities, their difference, each with its range. It names a drug class "
    "only under a fixed rule, and makes no recommendation."
)
FORETELLS = (
    "A classification by cited rules, and a prediction: risks by fixed times, each with its range. "
    "It makes no recommendation."
)
ABOVE = {
    "validity": "The figures stand on this page, under Validation.",
    "fairness": "The figures stand on this page, by group.",
}
STRATA = "Validity is given apart in {n} groups: {who}. Groups by sex or ancestry were not counted."
USED = "Used as inputs: {used}. Not used: {unused}."
UNUSED = "None is used as an input: {unused}."


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribute:
    """One attribute of one decision."""

    id: str
    paragraph: str
    name: str
    said: Said

    @property
    def words(self) -> str:
        """Its value, or that it is not available and why."""
        return self.said.text or NOT_AVAILABLE.format(reason=self.said.unavailable)

    @property
    def on_page(self) -> str:
        """The same for a page that has a table of it already."""
        return ABOVE.get(self.id, self.words) if self.said.text else self.words


GROUPS: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = (
    (
        "Details and output",
        (
            ("developer", "Name and contact information of the developer"),
            ("funding", "Funding source of the technical implementation"),
            ("output", "Value that is produced as an output"),
            ("output-type", "Type of the output"),
        ),
    ),
    (
        "Purpose",
        (
            ("intended-use", "Intended use"),
            ("patients", "Intended patient population"),
            ("users", "Intended users"),
            ("role", "Intended decision-making role"),
        ),
    ),
    (
        "Cautioned out-of-scope use",
        (
            ("out-of-scope", "Tasks, situations and populations cautioned against"),
            ("limits", "Known risks, inappropriate settings and uses, limitations"),
        ),
    ),
    (
        "Development and input features",
        (
            ("training-criteria", "Exclusion and inclusion criteria of the training data"),
            ("demographics", "Use of the variables of (b)(11)(iv)(A)(5)-(13) as inputs"),
            ("training-people", "Demographic representativeness of the training data"),
            ("relevance", "Relevance of the training data to the deployed setting"),
        ),
    ),
    (
        "Fairness in development",
        (
            ("fairness-approach", "Approach to a fair output"),
            ("bias", "Approaches to manage, reduce or eliminate bias"),
        ),
    ),
    (
        "External validation process",
        (
            ("external-source", "Data source, setting or environment"),
            ("external-party", "Party that conducted the external testing"),
            ("external-people", "Demographic representativeness of the external data"),
            ("external-process", "External validation process"),
        ),
    ),
    (
        "Quantitative measures of performance",
        (
            ("validity", "Validity in test data of the same source"),
            ("fairness", "Fairness in test data of the same source"),
            ("external-validity", "Validity in data of another source"),
            ("external-fairness", "Fairness in data of another source"),
            ("outcomes-of-use", "Evaluations of its use on outcomes"),
        ),
    ),
    (
        "Ongoing maintenance",
        (
            ("validity-monitoring", "Process and frequency of monitoring validity"),
            ("local-validity", "Validity in local data"),
            ("fairness-monitoring", "Process and frequency of monitoring fairness"),
            ("local-fairness", "Fairness in local data"),
        ),
    ),
    (
        "Update and continued assessment",
        (
            ("updates", "Process and frequency of updates"),
            ("corrections", "Frequency of corrections when risks are identified"),
        ),
    ),
)
"""In the order of the regulation: group n is paragraph (n), its attributes (i), (ii) and on."""
_ROMAN = ("i", "ii", "iii", "iv", "v")


def group(n: int, title: str) -> str:
    """The paragraph and what it is about."""
    return f"({n}) {title}"


def attributes(decision: Decision) -> tuple[Attribute, ...]:
    """All 31, in the order of the regulation."""
    computed = _computed(decision)
    return tuple(
        Attribute(
            id=key,
            paragraph=f"({n})({_ROMAN[i]})",
            name=name,
            said=computed.get(key) or decision.account.told(key),
        )
        for n, (_, members) in enumerate(GROUPS, start=1)
        for i, (key, name) in enumerate(members)
    )


def _computed(decision: Decision) -> dict[str, Said]:
    """What the decision and its artefact say themselves, so that nobody writes it a second time."""
    spec = decision.spec
    return {
        "output": Said(text=" ".join(filter(None, (about.outcome(spec), about.compared(spec))))),
        "output-type": Said(text=COMPARES if spec.prognosis is None else FORETELLS),
        "intended-use": Said(text=spec.intended_use),
        "role": Said(text=ROLE),
        "out-of-scope": Said(text=f"{'; '.join(spec.not_for)}."),
        "limits": Said(text=f"Not modelled: {'; '.join(spec.not_modelled)}."),
        "demographics": _demographics(decision),
        "validity": _validity(spec, decision.model),
        "fairness": _fairness(decision),
    }


def _demographics(decision: Decision) -> Said:
    told = decision.account.demographics
    if not told:
        return decision.account.told("demographics")
    used = [f"{name} ({decision.spec.feature(i).label})" for name, i in told.items() if i]
    unused = "; ".join(name for name, i in told.items() if not i)
    words = USED if used else UNUSED
    return Said(text=words.format(used="; ".join(used), unused=unused))


def _validity(spec: DecisionSpec, model: ModelIdentity | NoModel) -> Said:
    """From the figures that the artefact carries, and from no other."""
    if isinstance(model, NoModel):
        return Said(unavailable=NO_MODEL)
    if spec.prognosis is not None:
        found = figures.shown_first(figures.figures(spec, model.metrics))
        rows = [
            "; ".join(f"{name} {value}" for name, value in zip(figures.HEAD, f.row, strict=True))
            for f in found
        ]
        where = figures.validated_over_time(model)
    else:
        told = about.metric_rows(spec, model.metrics)
        rows = [f"{whose}, {what}: {value}" for whose, what, value in told]
        where = about.validated_on(model)
    return Said(text=f"{where} {'. '.join(rows)}.") if rows else Said(unavailable=NO_FIGURES)


def _fairness(decision: Decision) -> Said:
    """The groups that were counted; a prognosis has its strata among the figures."""
    spec, model = decision.spec, decision.model
    if isinstance(model, NoModel):
        return Said(unavailable=NO_MODEL)
    drugs = [treatment.label for treatment in ordered(spec)]
    rows = [
        f"{name}: {'; '.join(f'{drug} {cell}' for drug, cell in zip(drugs, cells, strict=True))}."
        for name, *cells in checked_groups.rows(spec, decision.account.groups)
    ]
    if not rows and spec.prognosis is not None and (who := _strata(spec, model)):
        return Said(text=who)
    if not rows:
        return Said(unavailable=NO_GROUPS)
    groups = decision.account.groups
    told = (checked_groups.note(model), checked_groups.summary(spec, groups), *rows)
    return Said(text=" ".join((*told, *checked_groups.misfits(spec, groups))))


def _strata(spec: DecisionSpec, model: ModelIdentity) -> str:
    found = figures.shown_first(figures.figures(spec, model.metrics))
    who = ", ".join(f.row[0] for f in found)
    return STRATA.format(n=count(len(found)), who=who) if found else ""
