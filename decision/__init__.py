"""What we tell a clinician and why. Knows no FHIR, no model library and, outside `decision.ui`, no
Streamlit.
"""
