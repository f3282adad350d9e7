"""In which countries a customer may be, as far as their file tells. Pure.

A trait that names the country counts, and so does the country code of the telephone number; where the two differ,
both count, and the stricter law decides. Where neither tells, the shop's country is taken.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dangol.base.phones import country_of


def countries(traits: Mapping[str, Any], phone: str) -> frozenset[str]:
    """ISO 3166 codes; empty where nothing tells."""
    return frozenset(code for code in (_of_traits(traits), country_of(phone)) if code)


def under(theirs: frozenset[str], shops: str) -> frozenset[str]:
    """The countries whose laws a message touches: the customer's and the shop's."""
    return theirs | ({shops} if shops else frozenset())


def _of_traits(traits: Mapping[str, Any]) -> str:
    address = traits.get("address")
    told = traits.get("country") or (address.get("country") if isinstance(address, Mapping) else None)
    if not isinstance(told, str):
        return ""
    code = told.strip().upper()
    return NAMES.get(code, code if len(code) == 2 and code.isalpha() else "")


# What forms and shop platforms write instead of the code, where one of our packs depends on it.
NAMES = {
    "UK": "GB", "KOR": "KR", "KOREA": "KR", "SOUTH KOREA": "KR", "REPUBLIC OF KOREA": "KR", "대한민국": "KR",
    "한국": "KR", "USA": "US", "UNITED STATES": "US", "미국": "US", "JPN": "JP", "JAPAN": "JP", "日本": "JP",
    "일본": "JP", "CAN": "CA", "CANADA": "CA", "캐나다": "CA", "GBR": "GB", "UNITED KINGDOM": "GB", "영국": "GB",
    "DEU": "DE", "GERMANY": "DE", "DEUTSCHLAND": "DE", "독일": "DE", "FRA": "FR", "FRANCE": "FR", "프랑스": "FR",
    "ESP": "ES", "SPAIN": "ES", "ITA": "IT", "ITALY": "IT", "NLD": "NL", "NETHERLANDS": "NL",
}  # fmt: skip
