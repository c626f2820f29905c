"""What is worth saying unasked, from an assessment: the rules of the notice in the workflow."""
