"""How each predictor is found in a record: pure functions, one file per kind of evidence."""
