"""Blots the texts that name a person out of rows that are not about them: answers kept for repeats, notes, lists."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from django.apps import apps
from django.db import models, transaction
from django.db.models import Q, TextField
from django.db.models.functions import Cast, Lower

from dangol.base.parts import parts
from dangol.privacy import rules
from dangol.privacy.rules import Names
from dangol.profile.columns import stale
from dangol.profile.models import Copy, Fact

LEFT_ALONE = {"base", "privacy"}  # the shop's own address; hashes and what is still to do
BY_POSITION = {"profile.Fact"}  # found through the log instead: too long to be read as a whole


def sweep(names: Names, *, whole: bool = False) -> int:
    """Blot these texts out of every text column of the stages, of all facts too if `whole`; how many rows held one."""
    return sum(_sweep(model, field, names) for model, field in _columns(whole))


def _columns(whole: bool) -> Iterator[tuple[type[models.Model], models.Field[Any, Any]]]:
    for model in apps.get_models():
        if not model.__module__.startswith("dangol.") or model._meta.app_label in LEFT_ALONE:
            continue
        if model is Copy or (model._meta.label in BY_POSITION and not whole):
            continue
        for field in model._meta.concrete_fields:
            if isinstance(field, models.CharField | models.TextField | models.JSONField):
                yield model, field


def _sweep(model: type[models.Model], field: models.Field[Any, Any], names: Names) -> int:
    found = Q()
    for text in names.texts:
        found |= Q(swept__contains=text)
    rows = model._default_manager.annotate(swept=Lower(Cast(field.name, TextField()))).filter(found)
    count = 0
    for row in rows:
        setattr(row, field.name, rules.blotted(getattr(row, field.name), names))
        with transaction.atomic():
            row.save(update_fields=[field.name])
            if isinstance(row, Fact):
                stale.mark([row.customer_id], purge=True)
        count += 1
    return count


def blot_facts(positions: Sequence[int], names: Names) -> None:
    """The same in the facts of others that stand at these positions of the log."""
    for part in parts(positions):
        with transaction.atomic():
            for fact in Fact.objects.filter(position__in=part):
                told = {name: names.blot(getattr(fact, name)) for name in ("properties", "traits", "context")}
                Fact.objects.filter(pk=fact.pk).update(**told, message_id=names.blot(fact.message_id))
                stale.mark([fact.customer_id], purge=True)
