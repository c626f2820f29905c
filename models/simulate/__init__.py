"""SIMULATED cohorts, calibrated to published trials: for validating software, not patients."""
