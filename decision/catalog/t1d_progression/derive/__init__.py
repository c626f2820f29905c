"""What is found in a record: pure functions, each with its evidence or the reason why not."""
