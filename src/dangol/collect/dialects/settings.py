"""What browser libraries ask before they start: answered so that they send their events here."""

from __future__ import annotations

from typing import Any


def segment(key: str, host: str, scheme: str) -> dict[str, Any]:
    """For analytics.js: GET /v1/projects/{write key}/settings."""
    destination = {"apiKey": key, "apiHost": f"{host}/v1", "protocol": scheme}
    return {"integrations": {"Segment.io": destination}, "metrics": {"sampleRate": 0}}


def rudder(key: str, source: str, changed: str) -> dict[str, Any]:
    """For RudderStack's libraries: GET /sourceConfig."""
    silent = {"enabled": False}
    return {
        "source": {
            "id": source,
            "name": source,
            "writeKey": key,
            "enabled": True,
            "workspaceId": "dangol",
            "config": {"statsCollection": {"errors": silent, "metrics": silent}},
            "connections": [],
            "destinations": [],
            "updatedAt": changed,
        },
        "updatedAt": changed,
        "isHosted": False,
    }
