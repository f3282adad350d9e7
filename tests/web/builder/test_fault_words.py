"""Faults of rules in the page's language: none is left in English on a Korean page."""

from __future__ import annotations

import re
from datetime import UTC
from typing import Any

import pytest
from django.utils import translation

from dangol.base.errors import Fault, Invalid
from dangol.segment.parse import read_rule
from dangol.web.builder.fault_words import found_in_words, in_words, said
from tests.segment.test_parse import REFUSED

WORDS_OF_THE_LANGUAGE = re.compile(r"[\w-]+(, [\w-]+)*")  # nothing to translate in them


@pytest.mark.parametrize("where", [where for where, _ in REFUSED])
def test_what_is_allowed_is_said_in_korean(where: Any) -> None:
    with pytest.raises(Invalid) as told, translation.override("ko"):
        read_rule(where, UTC)
    with translation.override("ko"):
        for fault in told.value.faults:
            words = in_words(fault.allowed)
            assert re.search("[가-힣]", words) or WORDS_OF_THE_LANGUAGE.fullmatch(fault.allowed), fault.allowed


def test_what_was_caught_stands_in_the_words() -> None:
    fault = Fault("/where", '"level 11"', "at most 10 levels")
    assert said(fault) == "/where: found level 11; allowed: at most 10 levels"
    with translation.override("ko"):
        assert said(fault) == "/where: 11단계 — 허용: 최대 10단계"
        assert found_in_words('"gold"') == '"gold"', "what people wrote stays"
        assert in_words("beside list: is") == "list 옆에는 is만"
