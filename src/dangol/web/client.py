"""Who asks, and from where."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest

from dangol.collect import addresses
from dangol.privacy.audit import Actor


def actor_of(request: HttpRequest) -> Actor:
    """Who of the staff asks, for the log of accesses."""
    user = request.user
    return Actor(getattr(user, "email", "") or user.get_username(), ip_of(request))


def ip_of(request: HttpRequest) -> str:
    """The address of whoever asks, for the log of accesses and as proof of consent."""
    trusted = addresses.networks(settings.DANGOL.trusted_proxies)
    peer, forwarded = request.META.get("REMOTE_ADDR") or "", request.headers.get("X-Forwarded-For") or ""
    return addresses.client(str(peer), str(forwarded), trusted)


def agent_of(request: HttpRequest) -> str:
    """The program that asks."""
    return str(request.headers.get("User-Agent") or "")[:500]
