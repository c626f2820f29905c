"""Registries of whole hospitals to cohort tables: the one place where commands join what reads
charts (`fhir`) and what learns from tables (`models`). Nothing that serves a page imports it.
"""
