"""Settings: what the shop is called, where it stands, who sends its letters, and the keys of its programs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar
from zoneinfo import available_timezones

from babel import Locale
from django import forms
from django.conf import settings as django_settings
from django.contrib import messages
from django.http import HttpResponse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from dangol.base.errors import Invalid
from dangol.base.models import Shop
from dangol.base.turns import turn
from dangol.deliver.channels import sends_email
from dangol.deliver.rules import parse_mailbox
from dangol.privacy import audit
from dangol.profile import recounting
from dangol.segment import steps as segment
from dangol.value import steps as value
from dangol.web import lacking
from dangol.web.amounts import locale_of
from dangol.web.api import keys
from dangol.web.client import actor_of
from dangol.web.models import ApiKey
from dangol.web.page import Asked, go, show

LOCALES = (("en", "English"), ("ko", "한국어"))
COMMON_CURRENCIES = ("KRW", "USD", "EUR", "GBP", "JPY", "CNY")


class ShopForm(forms.ModelForm):  # type: ignore[type-arg]
    """What people change about the shop."""

    timezone = forms.ChoiceField(label=lazy("Time zone"))
    currency = forms.ChoiceField(label=lazy("Currency"))
    country = forms.ChoiceField(label=lazy("Country whose law applies"), required=False)
    locale = forms.ChoiceField(label=lazy("Language of the shop"), choices=LOCALES)

    class Meta:
        model = Shop
        fields = (
            "name", "url", "timezone", "currency", "country", "locale", "sender_name", "sender_email", "phone",
            "postal_address",
        )  # fmt: skip
        labels: ClassVar = {
            "name": lazy("Name of the shop"),
            "url": lazy("Address on the web"),
            "sender_name": lazy("Letters come from"),
            "sender_email": lazy("Sender's e-mail address"),
            "phone": lazy("Phone"),
            "postal_address": lazy("Postal address"),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        locale = Locale.parse(locale_of(get_language()))
        self._offer("timezone", [(zone, zone) for zone in sorted(available_timezones()) if _common(zone)])
        self._offer("currency", _currencies(locale))
        self._offer("country", [("", "–"), *_countries(locale)])
        for name, field in self.fields.items():
            select = isinstance(field, forms.ChoiceField)
            field.widget.attrs["class"] = "form-select" if select else "form-control"
            if name in self.errors:
                field.widget.attrs["class"] += " is-invalid"
                field.widget.attrs["aria-describedby"] = f"fault-{name}"

    def _offer(self, name: str, choices: list[tuple[str, str]]) -> None:
        field = self.fields[name]
        if isinstance(field, forms.ChoiceField):
            field.choices = choices

    def clean_sender_email(self) -> str:
        value = str(self.cleaned_data["sender_email"])
        if value and parse_mailbox(value) is None:
            raise forms.ValidationError(_("This is not an address that messages can be sent from."))
        return value


def _common(zone: str) -> bool:
    return zone == "UTC" or zone.partition("/")[0] in REGIONS


REGIONS = frozenset(
    {"Africa", "America", "Antarctica", "Arctic", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific"}
)


def _currencies(locale: Locale) -> list[tuple[str, str]]:
    names = {code: name for code, name in locale.currencies.items() if len(code) == 3}
    rest = sorted(set(names) - set(COMMON_CURRENCIES))
    return [(code, f"{code} · {names[code]}") for code in (*COMMON_CURRENCIES, *rest)]


def _countries(locale: Locale) -> list[tuple[str, str]]:
    found = [(code, name) for code, name in locale.territories.items() if len(code) == 2 and code not in NO_COUNTRIES]
    return sorted(found, key=lambda pair: pair[1])


NO_COUNTRIES = frozenset({"EU", "EZ", "UN", "ZZ", "XA", "XB", "QO"})


@dataclass(frozen=True, slots=True)
class SettingsPage:
    """The form and the keys."""

    form: ShopForm
    keys: list[ApiKey]
    fresh: str  # the secret of a key that was just made: shown once
    scopes: tuple[str, ...]
    sandbox: bool
    lacking: list[lacking.Lacking]  # of the shop's own law, and of others
    now: datetime


def settings(request: Asked) -> HttpResponse:
    return _shown(request, ShopForm(instance=Shop.objects.get()))


def save(request: Asked) -> HttpResponse:
    before = Shop.objects.get().timezone
    form = ShopForm(request.POST, instance=Shop.objects.get())
    if not form.is_valid():
        return _shown(request, form, status=422)
    with turn():  # what is today has changed: memberships change with it, in the same moment
        form.save()
        if "timezone" in form.changed_data and form.instance.timezone != before:
            segment.recompute(request.now)
        if {"currency", "timezone"} & set(form.changed_data):
            value.begin_anew()
        if {"currency", "country"} & set(form.changed_data):  # figures rest on them
            recounting.begin_anew()
    messages.success(request, _("Saved."))
    return go("settings")


def new_key(request: Asked) -> HttpResponse:
    """Make an API key; its secret is on this one page and nowhere afterwards."""
    name = request.POST.get("name", "").strip()[:200] or _("without a name")
    try:
        row, secret = keys.make_api_key(name, request.POST.getlist("scopes"), request.now)
    except Invalid:
        messages.error(request, _("A key needs at least one scope."))
        return go("settings")
    audit.note(actor_of(request), "key made", request.now, detail={"key": row.prefix, "scopes": row.scopes})
    return _shown(request, ShopForm(instance=Shop.objects.get()), fresh=secret)


def revoke_key(request: Asked, pk: int) -> HttpResponse:
    keys.revoke(pk, request.now)
    audit.note(actor_of(request), "key revoked", request.now, detail={"key": pk})
    messages.success(request, _("The key opens nothing any more."))
    return go("settings")


def _shown(request: Asked, form: ShopForm, fresh: str = "", status: int = 200) -> HttpResponse:
    sandbox = not sends_email(django_settings.DANGOL)
    rows = list(ApiKey.objects.order_by("-pk"))
    page = SettingsPage(form, rows, fresh, keys.SCOPES, sandbox, lacking.told(request.now), request.now)
    return show(request, "settings.html", page, status)
