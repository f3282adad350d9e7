"""Value: what the shop has learned about its customers, how past forecasts fared, and when not to believe the next."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from dangol.value import reads
from dangol.value import steps as value
from dangol.web.page import Asked, go, show


class WordForm(forms.Form):
    """What the owner says of the shop's customers; what is left empty is left to the data."""

    weeks_between = forms.FloatField(
        label=lazy("A good customer buys about every … weeks"), min_value=0.1, max_value=520, required=False
    )
    order_amount = forms.DecimalField(
        label=lazy("An order comes to about …"), min_value=Decimal("0.01"), max_value=Decimal(10**9), decimal_places=2,
        required=False,
    )  # fmt: skip

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        for name, field in self.fields.items():
            field.widget.attrs |= {"class": "form-control" + (" is-invalid" if name in self.errors else "")}


@dataclass(frozen=True, slots=True)
class ValuePage:
    """The model's card and the owner's word."""

    card: reads.Card | None
    form: WordForm
    names: dict[str, str]

    @property
    def fifths(self) -> list[list[float]]:
        """Of the newest score: customers by what was expected of them."""
        return list(self.card.past[0].score["fifths"]) if self.card and self.card.past else []


def value_page(request: Asked) -> HttpResponse:
    word = value.said()
    told = {"weeks_between": word.weeks_between, "order_amount": word.order_amount} if word else {}
    return _shown(request, WordForm(initial=told))


def say(request: Asked) -> HttpResponse:
    """The owner's word moves what is believed before the data; the forecast is made anew at once."""
    form = WordForm(request.POST)
    if not form.is_valid():
        return _shown(request, form, 422)
    value.say(form.cleaned_data["weeks_between"], form.cleaned_data["order_amount"], request.now)
    messages.success(request, _("Noted. The forecasts are made anew with it."))
    return go("value")


def _shown(request: Asked, form: WordForm, status: int = 200) -> HttpResponse:
    names = {
        "weeks_between": _("weeks between two orders of a customer who still buys"),
        "leaving": _("customers who stop for good after an order"),
        "order_amount": _("what an order comes to"),
    }
    return show(request, "value.html", ValuePage(reads.card(), form, names), status)
