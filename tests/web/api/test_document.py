"""The API does what its OpenAPI document says: random requests, valid and not, and no answer outside the document."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from dangol.converse import steps as converse
from tests.shopkit import Kit
from tests.web.api.conftest import Program

pytestmark = pytest.mark.django_db

CHECKS = (not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance)
MODES = (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)

application = get_wsgi_application()
schema = schemathesis.openapi.from_wsgi("/api/openapi.json", application)
OPERATIONS = {result.ok().label: result.ok() for result in schema.get_all_operations()}


@contextmanager
def one_connection() -> Iterator[None]:
    """Requests stay on the test's connection. Django's own test client does the same, and undoes it after each call."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    try:
        yield
    finally:
        for signal in (request_started, request_finished):
            signal.connect(close_old_connections)


@pytest.fixture
def lively(program: Program, open_shop: Kit) -> Program:
    """Something under the ids and keys that a random request may meet."""
    program.post("/api/strategy/plays/thanks/activate")
    converse.open_task(open_shop.customer("42"), "dissatisfied", {}, "t", open_shop.clock.now())
    for key in ("a", "0", "-"):
        program.put(f"/api/segments/{key}", {"name": key, "where": "everyone"})
    return program


@pytest.mark.parametrize("label", OPERATIONS)
def test_random_requests_are_answered_as_the_document_says(lively: Program, label: str) -> None:
    operation = OPERATIONS[label]
    can_be_broken = operation.body or len(operation.query) or len(operation.path_parameters)
    for mode in MODES if can_be_broken else MODES[:1]:

        @settings(
            max_examples=12,
            deadline=None,
            derandomize=True,
            phases=[Phase.explicit, Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy(generation_mode=mode))
        def ask(case: Any) -> None:
            response = case.call(headers={"Authorization": f"Bearer {lively.secret}"})
            case.validate_response(response, checks=list(CHECKS))

        with one_connection():
            ask()


def test_every_operation_explains_itself_and_its_refusals() -> None:
    for label, operation in OPERATIONS.items():
        told = operation.definition.raw
        assert told["description"], f"{label} is not explained"
        assert {"4XX", "5XX"} < set(told["responses"])
