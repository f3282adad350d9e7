"""Who may sign in: the staff that the owner made, nobody else."""

from __future__ import annotations

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest


class StaffOnly(DefaultAccountAdapter):  # type: ignore[misc]
    """Closes sign-up: a stranger cannot make an account."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False
