"""Public and own studies of expression and response, read into one table of courses each.

    mapping     a TOML file that says which characteristic means what; nothing is guessed
    geo, arrayexpress, plain   the formats, to samples with named values
    matrices    expression tables and platform annotation, to genes
    courses     samples and mapping, to one baseline sample per person with drug and outcome
    scored      panel scores of these samples
    stored      a folder that `python -m models.train <decision> --cohort FOLDER ...` reads
    one_arm     the model that such data support: one drug class, panel scores, no contrast

Command: `python -m models.studies --help`; the page: docs/studies.md.
"""
