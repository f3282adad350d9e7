"""What a cell of somebody's export means: amounts, whole numbers, ids, yes and no, times. Pure: text in, values out."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta, tzinfo
from decimal import Decimal, InvalidOperation

from dangol.base.instants import parse_instant
from dangol.base.money import LARGEST

_FLOAT_ID = re.compile(r"\d+\.0+")  # a spreadsheet's or pandas' way of writing a whole number
_NO_NUMBER = re.compile(r"[^\d.,+-]")
_NAMED = re.compile(r"[₩￦$€£¥원]|krw|usd|eur|gbp|jpy|brl|r\$", re.IGNORECASE)

YES = {"yes", "y", "true", "t", "1", "1.0", "on", "x", "granted", "subscribed", "opted in", "opt-in", "accepted"}
YES |= {"동의", "수신", "수신동의", "수신함", "예", "허용", "가입"}
NO = {"no", "n", "false", "f", "0", "0.0", "off", "denied", "unsubscribed", "not subscribed", "opted out", "opt-out"}
NO |= {"거부", "미수신", "수신거부", "수신안함", "아니오", "비동의", "미동의", "동의안함"}

CHANNELS = {  # the words of exports for where an order came in
    "web": "web, online, onlinestore, checkout, 온라인, pc, pc쇼핑몰, pc웹, 모바일, 모바일웹, 모바일쇼핑몰, 자사몰",
    "app": "app, 앱, 모바일앱, iphone, android, ios",
    "store": "store, pos, retail, offline, shop floor, 매장, 오프라인, 오프라인매장, 점포",
    "phone": "phone, telephone, call, callcenter, call center, 전화, 전화주문, 콜센터",
}
_CHANNEL = {word.strip(): name for name, words in CHANNELS.items() for word in words.split(",")}

UNSAID = {"", "-", "n/a", "null", "none", "unknown", "pending", "미정"}  # neither: nobody has answered yet


def known_id(text: str) -> str:
    """An id without the `.0` that a float column hung on it, or the ' that keeps spreadsheets from rounding it."""
    text = text.strip().removeprefix("'")
    return text[: text.index(".")] if _FLOAT_ID.fullmatch(text) else text


def amount(text: str) -> Decimal | None:
    """An amount as people and programs write it: `1,234.50`, `1.234,50`, `₩12,000`, `(5.00)`, `-3`; None for others.

    Of two signs the later is the decimal one; a single comma before exactly three digits parts thousands.
    """
    text = text.strip()
    found: Decimal | None
    try:
        found = Decimal(text)
    except InvalidOperation:
        found = _written(text)
    return found if found is not None and found.is_finite() and abs(found) < LARGEST else None


def _written(text: str) -> Decimal | None:
    negative = text.startswith("(") and text.endswith(")")
    digits = _NAMED.sub("", text.strip("()")).replace(" ", "").replace("\xa0", "").replace("'", "")
    if not digits or _NO_NUMBER.search(digits):
        return None
    comma, dot = digits.rfind(","), digits.rfind(".")
    if comma > dot and (dot >= 0 or not re.fullmatch(r"[+-]?\d{1,3}(,\d{3})+", digits)):
        digits = digits.replace(".", "").replace(",", ".")
    elif comma >= 0:
        digits = digits.replace(",", "")
    elif digits.count(".") > 1:
        digits = digits.replace(".", "")
    try:
        found = Decimal(digits)
    except InvalidOperation:
        return None
    return -found if negative else found


def answer(text: str) -> bool | None:
    """Yes or no, in English and Korean; None for anything else."""
    word = text.strip().lower().replace("_", " ")
    return True if word in YES else False if word in NO else None


def channel(text: str) -> str:
    """Where an order came in: web, app, store or phone for the words that exports use; any other word stays."""
    word = text.strip()[:60]
    return _CHANNEL.get(word.lower().replace(" ", ""), _CHANNEL.get(word.lower(), word))


def masked(text: str) -> bool:
    """Whether a marketplace hid the middle of it (`kim****`): such a value is no one person's."""
    return "**" in text


# --- times ----------------------------------------------------------------------------------------------------------

Reader = Callable[[str], datetime | None]

_YMD = re.compile(
    r"(\d{4})\s*[-/.년]\s*(\d{1,2})\s*[-/.월]\s*(\d{1,2})\s*[일.]?(?:\(.\))?"
    r"(?:[T\s]+(오전|오후|AM|PM)?\s*(\d{1,2}):(\d{2})(?::(\d{2}))?(?:[.,]\d+)?\s*(AM|PM)?)?",
    re.IGNORECASE,
)
_OTHER = re.compile(
    r"(\d{1,2})[-/.](\d{1,2})[-/.](\d{4}|\d{2})(?:[T\s,]+(\d{1,2}):(\d{2})(?::(\d{2}))?(?:[.,]\d+)?\s*(AM|PM)?)?",
    re.IGNORECASE,
)
_COMPACT = re.compile(r"((?:19|20)\d{2})(\d{2})(\d{2})(?:\s*T?(\d{2})(\d{2})(\d{2})?)?")
_NAMED_MONTH = re.compile(
    r"(?:(\d{1,2})\s+)?([A-Za-z]{3,9})\.?\s+(?:(\d{1,2}),?\s+)?(\d{4})(?:,?\s+(\d{1,2}):(\d{2})(?::(\d{2}))?\s*(AM|PM)?)?",
    re.IGNORECASE,
)
_MONTHS = {
    name: n
    for n, name in enumerate(["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"], 1)
}
FIRST_EXCEL, LAST_EXCEL = 20_000, 80_000  # 1954 … 2119 as days of a spreadsheet
EXCEL_EPOCH = datetime(1899, 12, 30)  # noqa: DTZ001 - the shop's zone follows


def time_reader(zone: tzinfo, day_first: bool | None) -> Reader:
    """Reads the times of one column. `day_first` says how 3/4/2024 is meant; None: such a text is no time."""

    def read(text: str) -> datetime | None:
        text = text.strip()
        if not text:
            return None
        found = parse_instant(text, zone) or parse_instant(text.replace(" ", "T", 1).replace(" ", ""), zone)
        return found or _loose(text, zone, day_first)

    return read


def _loose(text: str, zone: tzinfo, day_first: bool | None) -> datetime | None:
    naive = _naive(text, day_first)
    if naive is not None:
        return naive.replace(tzinfo=zone).astimezone(UTC)
    try:
        number = float(text)
    except ValueError:
        return None
    if FIRST_EXCEL <= number <= LAST_EXCEL:
        return (EXCEL_EPOCH + timedelta(seconds=round(number * 86_400))).replace(tzinfo=zone).astimezone(UTC)
    return parse_instant(number) if number >= 100_000_000 else None


def _naive(text: str, day_first: bool | None) -> datetime | None:
    if match := _YMD.fullmatch(text):
        year, month, day, before, hour, minute, second, after = match.groups()
        return _when(year, month, day, hour, minute, second, before or after)
    if match := _COMPACT.fullmatch(text):
        year, month, day, hour, minute, second = match.groups()
        return _when(year, month, day, hour, minute, second, None)
    if (match := _OTHER.fullmatch(text)) and day_first is not None:
        first, other, year, hour, minute, second, half = match.groups()
        day, month = (first, other) if day_first else (other, first)
        return _when(year if len(year) == 4 else f"20{year}", month, day, hour, minute, second, half)
    if match := _NAMED_MONTH.fullmatch(text):
        before, name, after, year, hour, minute, second, half = match.groups()
        named = _MONTHS.get(name[:3].lower())
        return _when(year, str(named), before or after or "1", hour, minute, second, half) if named else None
    return None


def _when(
    year: str, month: str, day: str, hour: str | None, minute: str | None, second: str | None, half: str | None
) -> datetime | None:
    of_day = int(hour or 0)
    if half:
        of_day = of_day % 12 + (12 if half.upper() in {"PM", "오후"} else 0)
    try:
        return datetime(int(year), int(month), int(day), of_day, int(minute or 0), int(second or 0))  # noqa: DTZ001
    except ValueError:
        return None


def day_first(largest_first: int, largest_second: int) -> bool | None:
    """How a column of 3/4/2024 is meant, from the largest number in its first and second place; None: both would do."""
    if largest_first > 12 >= largest_second:
        return True
    if largest_second > 12 >= largest_first:
        return False
    return None


def all_times(samples: Iterable[str], zone: tzinfo = UTC) -> bool:
    """Whether every example that is not empty is a time, whichever way round."""
    read = time_reader(zone, day_first=True), time_reader(zone, day_first=False)
    given = [text for text in samples if text.strip()]
    return bool(given) and all(any(reader(text) for reader in read) for text in given)
