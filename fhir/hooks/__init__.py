"""CDS Hooks 2.0: speaking up in the workflow, only when there is something new to say."""
