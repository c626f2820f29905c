"""A FHIR R4 server over HTTP: asking it politely, and never believing it blindly."""
