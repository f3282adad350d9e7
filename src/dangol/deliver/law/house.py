"""What Dangol puts into an advertisement where no law asks for more, as far as the shop has told it. Data."""

from __future__ import annotations

SHOWS = {
    "email": ("name", "email", "phone", "address", "refusal"),
    "sms": ("refusal",),
    "kakao": ("refusal",),
    "webpush": ("refusal",),
}
