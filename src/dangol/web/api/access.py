"""Who may ask: a secret key in the Authorization header, with the scope that the route needs."""

from __future__ import annotations

from django.http import HttpRequest
from ninja.security import HttpBearer

from dangol.web import guard
from dangol.web.api import keys
from dangol.web.api.problems import Refused
from dangol.web.models import ApiKey

CHALLENGE = {"WWW-Authenticate": 'Bearer realm="dangol"'}


class Scoped(HttpBearer):
    """Lets a live key through that has the scope."""

    def __init__(self, scope: str) -> None:
        super().__init__()
        self.scope = scope

    def __call__(self, request: HttpRequest) -> ApiKey:
        key = key_of(request)
        if key is None:
            raise Refused(401, "send a secret API key as Authorization: Bearer …", CHALLENGE)
        if self.scope not in key.scopes:
            raise Refused(403, f"this key has no scope {self.scope!r}; it has {', '.join(key.scopes)}")
        return key

    def authenticate(self, request: HttpRequest, token: str) -> ApiKey | None:
        return keys.find(token.strip(), guard.CLOCK.now())


READ = Scoped("read")
WRITE = Scoped("write")


def key_of(request: HttpRequest) -> ApiKey | None:
    """The live key that a request brings; looked up once for each request."""
    if not hasattr(request, "api_key"):
        request.api_key = HttpBearer.__call__(READ, request)
    found: ApiKey | None = request.api_key
    return found
