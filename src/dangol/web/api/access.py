"""Who may ask: whoever holds a live secret key, within its scopes."""

from __future__ import annotations

from django.http import HttpRequest
from ninja.security import HttpBearer

from dangol.web import guard
from dangol.web.api import keys
from dangol.web.api.problems import Refused
from dangol.web.models import ApiKey

SAFE = ("GET", "HEAD", "OPTIONS")
ASKING = ("/segments/evaluate", "/segments/explain", "/backtest")  # these only read, although they are POSTs
CHALLENGE = {"WWW-Authenticate": 'Bearer realm="dangol"'}


class SecretKey(HttpBearer):
    """Authorization: Bearer dgk_…; reading needs the scope `read`, everything else `write`."""

    def __call__(self, request: HttpRequest) -> ApiKey:
        key = self.find(request)
        if key is None:
            raise Refused(401, "send a secret API key as Authorization: Bearer …", CHALLENGE)
        needed = needed_scope(request)
        if needed not in key.scopes:
            raise Refused(403, f"this needs the scope {needed}; the key has {', '.join(key.scopes)}")
        return key

    def authenticate(self, request: HttpRequest, token: str) -> ApiKey | None:
        return keys.find(token.strip(), guard.CLOCK.now())

    def find(self, request: HttpRequest) -> ApiKey | None:
        """The live key that a request brings; looked up once for each request."""
        if not hasattr(request, "api_key"):
            request.api_key = super().__call__(request)  # type: ignore[attr-defined]
        found: ApiKey | None = request.api_key  # type: ignore[attr-defined]
        return found

    def permits(self, request: HttpRequest) -> ApiKey | None:
        """The key, if it may do what the request asks for."""
        key = self.find(request)
        return key if key and needed_scope(request) in key.scopes else None


def needed_scope(request: HttpRequest) -> str:
    """Asking whom a rule would hold for, why, and what it would have brought, is reading."""
    reads = request.method in SAFE or request.path.endswith(ASKING)
    return "read" if reads else "write"
