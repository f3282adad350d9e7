"""Who reads: the customer behind a link, and the language to speak to them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.utils import translation

from dangol.base.models import Shop
from dangol.deliver.models import Delivery
from dangol.profile import steps as profile


def language_of(delivery: Delivery) -> str:
    """The language of the letter, else the customer's, else the shop's."""
    customer = profile.get(delivery.customer_id)
    known = dict(settings.LANGUAGES)
    wishes = (delivery.language, customer.language if customer else "", Shop.objects.get().locale)
    return next((wish[:2] for wish in wishes if wish and wish[:2] in known), settings.LANGUAGE_CODE)


@contextmanager
def speaking_to(delivery: Delivery) -> Iterator[None]:
    """Texts of the page in the customer's language, whatever their browser says."""
    with translation.override(language_of(delivery)):
        yield
