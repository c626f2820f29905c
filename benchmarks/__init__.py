"""Measurements against peers and against slower, independent truths; nothing here is served."""
