"""What every console page shows around its own content."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from dangol.base.models import Shop


def frame(request: HttpRequest) -> dict[str, Any]:
    return {"shop": Shop.objects.first()}
