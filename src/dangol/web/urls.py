"""Every route of the console, the customers' pages and the admin API, in one table."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver

urlpatterns: list[URLPattern | URLResolver] = []
