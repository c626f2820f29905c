"""What was shown and decided, written back to the chart: once, checked, never lost."""
