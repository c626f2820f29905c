"""Floor 1: how any decision reads a record. Which result counts, what it says, what a caution makes
of it. Knows no disease, no drug and no treatment: these come from the decision's own data.

Code lists a decision must bring where it uses these functions: `answer_positive` and
`answer_negative` (answers), `interpretation_positive` and `interpretation_negative` (laboratory
flags), `answer_current_smoker` and `answer_not_current_smoker` (smoking).
"""
