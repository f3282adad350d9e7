"""Every route of the console, the customers' pages and the admin API, in one table."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path, register_converter
from django.urls.converters import IntConverter

from dangol.web.guard import Route
from dangol.web.letters import choosing, click, opening, survey, unsubscribe
from dangol.web.screens import (
    campaigns,
    connect,
    customer,
    customers,
    home,
    language,
    outbox,
    results,
    segments,
    settings,
    signing_in,
    strategy,
    tasks,
)


class Id(IntConverter):
    """A number that every database holds; a longer one is no page of ours."""

    regex = "[0-9]{1,18}"


register_converter(Id, "id")

GET, POST, BOTH = ("GET",), ("POST",), ("GET", "POST")

ROUTES = (
    # path, name, view, permission, methods
    Route("sign-in", "account_login", signing_in.SignIn.as_view(), "anyone", BOTH),
    Route("sign-out", "account_logout", signing_in.sign_out, "anyone", POST),
    Route("language", "language", language.language, "anyone", POST),
    Route("", "home", home.home, "staff"),
    Route("live", "live", home.live, "staff"),
    Route("live/loop", "live-loop", home.loop, "staff"),
    Route("customers", "customers", customers.customers, "staff"),
    Route("customers/<id:customer_id>", "customer", customer.customer, "staff"),
    Route("customers/<id:customer_id>/facts", "customer-facts", customer.facts, "staff"),
    Route("customers/<id:customer_id>/segments/<slug:key>", "customer-why", customer.why, "staff"),
    Route("segments", "segments", segments.segments, "staff"),
    Route("segments/new", "segment-new", segments.new, "staff"),
    Route("segments/preview", "segment-preview", segments.preview, "staff", POST),
    Route("segments/save", "segment-save", segments.save, "staff", POST),
    Route("segments/of/<slug:key>", "segment", segments.one, "staff"),
    Route("segments/of/<slug:key>/members", "segment-members", segments.members, "staff"),
    Route("segments/of/<slug:key>/archive", "segment-archive", segments.archive, "staff", POST),
    Route("strategy", "strategy", strategy.strategy_page, "staff"),
    Route("strategy/<slug:key>/activate", "play-activate", strategy.activate, "staff", POST),
    Route("campaigns", "campaigns", campaigns.campaigns, "staff"),
    Route("campaigns/<slug:key>", "campaign", campaigns.one, "staff"),
    Route("campaigns/<slug:key>/save", "campaign-save", campaigns.save, "staff", POST),
    Route("campaigns/<slug:key>/activate", "campaign-activate", campaigns.activate, "staff", POST),
    Route("campaigns/<slug:key>/pause", "campaign-pause", campaigns.pause, "staff", POST),
    Route("outbox", "outbox", outbox.outbox, "staff"),
    Route("outbox/<id:pk>", "outbox-message", outbox.message, "staff"),
    Route("outbox/<id:pk>/body", "outbox-body", outbox.body, "staff"),
    Route("results", "results", results.results, "staff"),
    Route("results/<slug:key>", "result", results.result, "staff"),
    Route("tasks", "tasks", tasks.tasks, "staff"),
    Route("tasks/<id:pk>/done", "task-done", tasks.finish, "staff", POST),
    Route("connect", "connect", connect.connect, "staff"),
    Route("settings", "settings", settings.settings, "staff"),
    Route("settings/shop", "settings-shop", settings.save, "staff", POST),
    Route("settings/keys", "key-new", settings.new_key, "staff", POST),
    Route("settings/keys/<id:pk>/revoke", "key-revoke", settings.revoke_key, "staff", POST),
    Route("u/<str:token>", "letter-unsubscribe", unsubscribe.unsubscribe, "link", BOTH),
    Route("c/<str:token>", "letter-click", click.click, "link"),
    Route("o/<str:token>.gif", "letter-open", opening.opening, "link"),
    Route("s/<str:token>", "letter-survey", survey.answer, "link", BOTH),
    Route("p/<str:token>", "letter-preferences", choosing.choose, "link", BOTH),
)

urlpatterns: list[URLPattern | URLResolver] = [
    *(route.as_url() for route in ROUTES),
    path("api/", include(("dangol.web.api.urls", "api"))),
]
