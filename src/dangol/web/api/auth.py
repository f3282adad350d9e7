"""Who may call: whoever holds a live secret key, within its scopes."""

from __future__ import annotations

from django.http import HttpRequest
from ninja.errors import AuthorizationError
from ninja.security import HttpBearer

from dangol.web.api import keys
from dangol.web.guard import CLOCK
from dangol.web.models import ApiKey

SAFE = {"GET", "HEAD", "OPTIONS"}


class SecretKey(HttpBearer):
    """Authorization: Bearer dgk_…; reading needs the scope read, everything else write."""

    def authenticate(self, request: HttpRequest, token: str) -> ApiKey | None:
        row = keys.find(token, CLOCK.now())
        if row is None:
            return None
        needed = needed_scope(request)
        if needed not in row.scopes:
            raise AuthorizationError(403, f"this key has the scopes {', '.join(row.scopes)}; needed: {needed}")
        return row


def needed_scope(request: HttpRequest) -> str:
    """Asking what a rule would give is reading, although it is a POST."""
    reads = request.method in SAFE or request.path.endswith("/segments/evaluate")
    return "read" if reads else "write"
