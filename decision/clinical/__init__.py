"""Floor 0: the vocabulary of the house. Standard library only; every other floor may import it."""
