"""Customer files as they lie in the table."""

import pytest

from dangol.profile import file
from dangol.profile.models import Profile

pytestmark = pytest.mark.django_db


def test_every_column_of_the_table_is_kept() -> None:
    assert list(file.COLUMNS) == [field.column for field in Profile._meta.concrete_fields]


def test_what_is_written_is_read_again() -> None:
    one = file.new(7, 1_000)
    one.traits["name"], one.revenue, one.margin, one.foreign = "Ann", 125_000, -5, {"EUR": "3"}
    file.write([one])
    (again,) = file.read([7, 8]).values()
    assert again.traits == {"name": "Ann"}
    assert (again.revenue, again.margin, again.foreign, again.first_seen_at) == (125_000, -5, {"EUR": "3"}, 1_000)
    stored = Profile.objects.get(pk=7)
    assert (stored.traits, str(stored.revenue), str(stored.margin)) == ({"name": "Ann"}, "12.5", "-0.0005")


def test_only_what_changed_is_written() -> None:
    file.write([file.new(7, 1_000)])
    one, meanwhile = file.read([7])[7], Profile.objects.get(pk=7)
    meanwhile.email = "ann@mail.example"
    meanwhile.save()
    file.write([one])
    one.tally["visits"], one.last_seen_at = 1, 2_000
    file.write([one])
    stored = Profile.objects.get(pk=7)
    assert (stored.email, stored.tally, stored.first_seen_at) == (
        "ann@mail.example",
        {"visits": 1},
        meanwhile.first_seen_at,
    )
    one.phone = "+8210"
    file.write([one])
    assert Profile.objects.get(pk=7).phone == "+8210"
