"""A hospital's own cohort as a table: what it must hold, and every problem it has, in one pass."""
