"""Invented people: names, addresses that reach nobody, languages, and what they agreed to. Pure."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass

WESTERN = (
    "Alice", "Amelia", "Arthur", "Beatrice", "Charlotte", "Clara", "Daniel", "Edith", "Eleanor", "Emily",
    "Florence", "Frances", "George", "Grace", "Harriet", "Harry", "Isla", "Jack", "James", "Joseph", "Lily",
    "Louise", "Lucy", "Mabel", "Matilda", "Noah", "Oliver", "Olivia", "Oscar", "Phoebe", "Rose", "Ruby",
    "Sophie", "Thomas", "Violet", "William",
)  # fmt: skip
FAMILIES = (
    "Abbott", "Baker", "Bennett", "Brook", "Carter", "Clarke", "Cole", "Cooper", "Dale", "Ellis", "Field",
    "Finch", "Fletcher", "Grant", "Hale", "Harper", "Hayes", "Holt", "Hughes", "Lane", "Marsh", "Mercer",
    "Miller", "Moss", "North", "Palmer", "Pike", "Reed", "Shaw", "Stone", "Swift", "Vale", "Ward", "Webb",
    "West", "Wren",
)  # fmt: skip
KOREAN = {
    "민지": "minji", "서연": "seoyeon", "지우": "jiwoo", "하은": "haeun", "수빈": "subin", "예린": "yerin",
    "도윤": "doyun", "시우": "siwoo", "준호": "junho", "현우": "hyunwoo", "지훈": "jihun", "유나": "yuna",
}  # fmt: skip
SURNAMES = {"김": "kim", "이": "lee", "박": "park", "최": "choi", "정": "jung", "강": "kang", "윤": "yoon", "한": "han"}
KOREAN_SHARE, AGREE, REFUSE = 0.25, 0.80, 0.08  # the rest was never asked


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody the demo made up."""

    user_id: str
    anonymous_id: str
    first_name: str
    last_name: str
    email: str
    language: str
    agrees: bool | None  # to marketing by e-mail; None: was never asked

    def traits(self) -> dict[str, str]:
        return {
            "email": self.email,
            "firstName": self.first_name,
            "lastName": self.last_name,
            "language": self.language,
        }


def person(user_id: str, rng: random.Random) -> Person:
    """Who stands behind a customer number."""
    korean = rng.random() < KOREAN_SHARE
    if korean:
        first, last = rng.choice(sorted(KOREAN)), rng.choice(sorted(SURNAMES))
        written = f"{KOREAN[first]}.{SURNAMES[last]}"
    else:
        first, last = rng.choice(WESTERN), rng.choice(FAMILIES)
        written = f"{first}.{last}".lower()
    draw = rng.random()
    return Person(
        user_id=user_id,
        anonymous_id=f"{rng.getrandbits(64):016x}",
        first_name=first,
        last_name=last,
        email=f"{written}.{re.sub(r'[^0-9a-z]', '', user_id.lower())}@example.com",
        language="ko" if korean else "en",
        agrees=True if draw < AGREE else False if draw < AGREE + REFUSE else None,
    )
