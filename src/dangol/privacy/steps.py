"""The rights of persons.

In: what people ask of the shop, and the house's own timetable.
Out: copies, corrections, restrictions and erasures, each in the register and in the log of accesses.
Promise: an erased person is in no table and in no file, and nothing that arrives later brings them back.
"""

from __future__ import annotations

from dangol.privacy.aftercare import replay, tidy
from dangol.privacy.audit import HOUSE, Actor
from dangol.privacy.doctor import examine
from dangol.privacy.erasure import forget, meet_again
from dangol.privacy.export import as_json, copy_of
from dangol.privacy.notices import look, note
from dangol.privacy.optin import ask
from dangol.privacy.requests import take_in
from dangol.privacy.retention import see_to
from dangol.privacy.rights import correct, current, lift, object_to_marketing, restrict, say, say_of_topic
from dangol.privacy.rules import names_of
from dangol.privacy.tombstones import withhold

__all__ = [
    "HOUSE",
    "Actor",
    "as_json",
    "ask",
    "copy_of",
    "correct",
    "current",
    "examine",
    "forget",
    "lift",
    "look",
    "meet_again",
    "names_of",
    "note",
    "object_to_marketing",
    "replay",
    "restrict",
    "say",
    "say_of_topic",
    "see_to",
    "take_in",
    "tidy",
    "withhold",
]
