"""How staff passwords are hashed: Argon2id, 46 MiB, one lane."""

from __future__ import annotations

from django.contrib.auth.hashers import Argon2PasswordHasher


class Argon2(Argon2PasswordHasher):
    """OWASP's second recommended setting: strong, and a quarter of a second on a small machine."""

    time_cost = 2
    memory_cost = 46 * 1024
    parallelism = 1
