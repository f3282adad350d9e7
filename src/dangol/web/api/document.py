"""The OpenAPI document: what the routes say of themselves, and what holds for all of them."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any

from dangol.web.api.problems import KIND
from dangol.web.api.routes import api
from dangol.web.api.shapes import Problem

PREFIX = "api/"
REFERENCE = "#/components/schemas/"
IDEMPOTENCY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
    "description": "The same key with the same body is answered again and not done again.",
}


@lru_cache(maxsize=1)
def document() -> dict[str, Any]:
    """The OpenAPI 3.1 document of the admin API."""
    told: dict[str, Any] = json.loads(json.dumps(api.get_openapi_schema(path_prefix=PREFIX)))
    problem = Problem.model_json_schema(ref_template=REFERENCE + "{model}")
    schemas = told["components"].setdefault("schemas", {})
    schemas |= problem.pop("$defs", {}) | {"Problem": problem}
    for operations in told["paths"].values():
        for method, operation in operations.items():
            _complete(method, operation)
    return told


def _complete(method: str, operation: dict[str, Any]) -> None:
    """Every operation may be refused in the same form, and every POST may carry an idempotency key."""
    refusal = {"description": "A problem", "content": {KIND: {"schema": {"$ref": REFERENCE + "Problem"}}}}
    operation["responses"] |= {"4XX": refusal, "5XX": refusal}
    if method == "post":
        operation["parameters"].append(IDEMPOTENCY)
