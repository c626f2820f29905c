"""A small, strict EHR for the demonstration and for tests: SMART authorization, FHIR R4, a portal.

It is written from the specifications alone and shares no code with the product, so that one
misreading cannot hide in both. Everything is in memory and every patient is invented.
"""

from examples.demo_ehr.clients import Authentication, Client
from examples.demo_ehr.grants import Lifetimes
from examples.demo_ehr.misbehaviour import Answer, Misbehaviour
from examples.demo_ehr.server import demo_ehr
from examples.demo_ehr.service import Ehr

__all__ = ["Answer", "Authentication", "Client", "Ehr", "Lifetimes", "Misbehaviour", "demo_ehr"]
