"""The record of what was shown and decided, as a page to file (PDF) and as data (JSON)."""
