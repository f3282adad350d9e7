"""A rule in a sentence, in English or Korean, for people who do not read YAML."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from dangol.segment.phrases import (
    CELLS,
    COMPARISONS,
    EMPTY,
    FIGURES,
    GOT,
    HELD,
    JOIN,
    MEASURES,
    PERIODS,
    STATES,
    UNITS,
    WINDOWS,
)

LANGUAGES = ("en", "ko")


def words(where: Any, language: str = "en") -> str:
    """The rule in words. It is a rule that was accepted."""
    language = language if language in LANGUAGES else "en"
    return _rule(where, language, top=True)


def _rule(where: Any, language: str, top: bool = False) -> str:
    if where == "everyone":
        return EMPTY[language]["all"]
    for word in ("all", "any"):
        if word in where:
            parts = [_rule(one, language) for one in where[word]]
            if not parts:
                return EMPTY[language][word]
            text = JOIN[language][word].join(parts)
            return text if top or len(parts) == 1 else f"({text})"
    if "none" in where:
        parts = [_rule(one, language) for one in where["none"]]
        return _say(language, f"none of ({'; '.join(parts)})", f"({'; '.join(parts)}) 중 어느 것도 아님")
    if "exactly" in where:
        parts = [_rule(one, language) for one in where["exactly"]["of"]]
        k = where["exactly"]["k"]
        return _say(language, f"exactly {k} of ({'; '.join(parts)})", f"({'; '.join(parts)}) 중 정확히 {k}개")
    return next(say(where, language) for subject, say in _LEAVES.items() if subject in where)


def _say(language: str, english: str, korean: str) -> str:
    return korean if language == "ko" else english


def _pick(language: str, pair: tuple[str, str]) -> str:
    return pair[1] if language == "ko" else pair[0]


# --- leaves -----------------------------------------------------------------------------------------------------------


def _trait(leaf: Mapping[str, Any], language: str) -> str:
    return _subject(str(leaf["trait"]), leaf, language)


def _subject(name: str, shape: Mapping[str, Any], language: str) -> str:
    told = " ".join(_comparison(word, value, language) for word, value in shape.items() if _known(word))
    return f"{name} {told}".rstrip()


def _known(word: str) -> bool:
    return word in COMPARISONS or word in {"exists", "length", "any_item", "anniversary", "calendar", "held_for"}


def _event(leaf: Mapping[str, Any], language: str) -> str:
    name = _name(leaf["event"], language) + _where(leaf.get("where"), language)
    measure, window = _measure(leaf, language), _window(leaf, language)
    if leaf.get("count") == 0 and leaf["event"] != "":
        text = _say(language, f"no {name} {window}".rstrip(), f"{window} {name} 없음".strip())
    else:
        text = _say(language, f"{name} {measure} {window}".rstrip(), f"{window} {name} {measure}".strip())
    if "minimum_age" in leaf:
        age = _span(leaf["minimum_age"], language)
        text += _say(language, f", known for at least {age}", f", 알게 된 지 {age} 이상")
    return text


def _picked(leaf: Mapping[str, Any], language: str) -> str:
    newest = "last_event" in leaf
    name = _name(leaf["last_event" if newest else "first_event"], language) + _where(leaf.get("where"), language)
    which = _say(language, "the newest" if newest else "the first", "가장 최근" if newest else "첫")
    window, having = _window(leaf, language), _where(leaf.get("having"), language)
    judged = _say(language, f"happened {window}" if window else "", window)
    text = _say(language, f"{which} {name} {judged}", f"{which} {name} {judged}").rstrip()
    return text + (_say(language, " has", " 조건") + having if having else "")


def _segment(leaf: Mapping[str, Any], language: str) -> str:
    inside = leaf.get("is", True)
    key = leaf["segment"]
    if inside:
        return _say(language, f"in the segment {key}", f"세그먼트 {key}에 속함")
    return _say(language, f"not in the segment {key}", f"세그먼트 {key}에 속하지 않음")


def _consent(leaf: Mapping[str, Any], language: str) -> str:
    state = _pick(language, STATES[leaf.get("is", "granted")])
    about = f"{leaf.get('purpose', 'marketing')} {_say(language, 'by', '')} {leaf['consent']}".replace("  ", " ")
    text = _say(language, f"{state} {about}", f"{about} {state}")
    dated = " ".join(
        _comparison(word, value, language) for word, value in leaf.items() if _known(word) and word != "is"
    )
    return text + (_say(language, f" (when {dated})", f" ({dated})") if dated else "")


def _survey(leaf: Mapping[str, Any], language: str) -> str:
    told = []
    for word, label in (("score", ("score", "점수")), ("answer", ("answer", "답"))):
        if word in leaf:
            value = leaf[word] if isinstance(leaf[word], Mapping) else {"is": leaf[word]}
            told.append(_subject(_pick(language, label), value, language))
    newest = _say(language, f"the newest answer to the survey {leaf['survey']}", f"설문 {leaf['survey']}의 최근 응답")
    return " ".join(part for part in (newest, _window(leaf, language), ", ".join(told)) if part)


def _message(leaf: Mapping[str, Any], language: str) -> str:
    about = ", ".join(f"{word} {value}" for word, value in leaf["message"].items())
    got = _pick(language, GOT[leaf["got"]])
    measure = _measure(leaf, language)
    which = f" ({about})" if about else ""
    message = _say(language, f"a message{which} {got}", f"메시지{which} {got}")
    return " ".join(part for part in (message, measure, _window(leaf, language)) if part)


def _bucket(leaf: Mapping[str, Any], language: str) -> str:
    low, high = (0, leaf["percent"]) if "percent" in leaf else (leaf["from"], leaf["to"])
    return _say(
        language,
        f"in the random share {low} to {high} per cent of {leaf['bucket']}",
        f"{leaf['bucket']} 무작위 배정 {low}~{high}%",
    )


def _list(leaf: Mapping[str, Any], language: str) -> str:
    key = leaf["list"]
    if leaf.get("is", True):
        return _say(language, f"on the list {key}", f"목록 {key}에 있음")
    return _say(language, f"not on the list {key}", f"목록 {key}에 없음")


def _topic(leaf: Mapping[str, Any], language: str) -> str:
    key = leaf["topic"]
    if leaf.get("subscribed", True):
        return _say(language, f"subscribed to the topic {key}", f"주제 {key}를 구독함")
    return _say(language, f"not subscribed to the topic {key}", f"주제 {key}를 구독하지 않음")


def _rfm(leaf: Mapping[str, Any], language: str) -> str:
    if not leaf["in"]:
        return EMPTY[language]["any"]
    names = ", ".join(_pick(language, (name, CELLS[name])) for name in leaf["in"])
    return _say(language, f"in the RFM cell {names}", f"RFM 등급이 {names}")


def _near(leaf: Mapping[str, Any], language: str) -> str:
    lat, lon = leaf["near"]["lat"], leaf["near"]["lon"]
    told = leaf["km"] if isinstance(leaf["km"], Mapping) else {"is": leaf["km"]}
    name = _say(language, f"the distance in km from {lat}, {lon}", f"{lat}, {lon}에서의 거리(km)")
    return _subject(name, told, language)


def _reachable(leaf: Mapping[str, Any], language: str) -> str:
    channel = leaf["reachable"]
    if leaf.get("is", True):
        return _say(language, f"can be reached by {channel}", f"{channel}(으)로 연락할 수 있음")
    return _say(language, f"cannot be reached by {channel}", f"{channel}(으)로 연락할 수 없음")


def _predicted(leaf: Mapping[str, Any], language: str) -> str:
    figure = _pick(language, FIGURES[leaf["predicted"]])
    told = _subject(figure, {word: value for word, value in leaf.items() if word != "confidence"}, language)
    sure = f"{leaf.get('confidence', 0.5) * 100:g}%"
    return _say(language, f"{told}, with a confidence of {sure}", f"{told} (확신 {sure})")


def _sequence(leaf: Mapping[str, Any], language: str) -> str:
    first, *rest = leaf["sequence"]
    told = _name(first["event"], language) + _where(first.get("where"), language)
    window = _window(leaf, language)
    text = _say(language, f"{told} {window}".rstrip(), f"{window} {told}".strip())
    return text + "".join(_step(step, language) for step in rest)


def steps(leaf: Mapping[str, Any], language: str) -> list[str]:
    """Each step of a sequence in words."""
    first, *rest = leaf["sequence"]
    told = _sequence({**leaf, "sequence": [first]}, language)
    return [told, *(_step(step, language).removeprefix(_say(language, ", then ", ", 그 뒤 ")) for step in rest)]


def _step(step: Mapping[str, Any], language: str) -> str:
    name = _name(step["event"], language) + _where(step.get("where"), language)
    near = _span(step["within"], language) if "within" in step else ""
    if "count" in step:
        return _say(language, f", then no {name}", f", 그 뒤 {name} 없음") + (
            _say(language, f" for {near}", f" ({near} 동안)") if near else ""
        )
    return _say(language, f", then {name}", f", 그 뒤 {name}") + (
        _say(language, f" at most {near} later", f" ({near} 이내)") if near else ""
    )


_LEAVES: dict[str, Callable[[Mapping[str, Any], str], str]] = {
    "trait": _trait,
    "event": _event,
    "last_event": _picked,
    "first_event": _picked,
    "segment": _segment,
    "consent": _consent,
    "survey": _survey,
    "message": _message,
    "bucket": _bucket,
    "sequence": _sequence,
    "list": _list,
    "topic": _topic,
    "rfm": _rfm,
    "near": _near,
    "reachable": _reachable,
    "predicted": _predicted,
}


# --- parts ------------------------------------------------------------------------------------------------------------


def _name(name: str, language: str) -> str:
    return _say(language, "any event", "모든 이벤트") if name == "*" else name


def _where(conditions: Any, language: str) -> str:
    if not conditions:
        return ""
    told = [_subject(str(one["property"]), one, language) for one in conditions]
    return f" ({', '.join(told)})"


def _measure(leaf: Mapping[str, Any], language: str) -> str:
    if "count" in leaf:
        return _count(leaf["count"], language)
    for word, pair in MEASURES.items():
        if word in leaf:
            shape = leaf[word]
            figure = _pick(language, pair).format(shape["of"])
            return _say(language, f"with {_subject(figure, shape, language)}", _subject(figure, shape, language))
    return _say(language, "at least once", "1회 이상")


def _count(count: Any, language: str) -> str:
    if not isinstance(count, Mapping):
        return _say(language, f"exactly {_times(count, language)}", f"정확히 {_times(count, language)}")
    [(word, value)] = count.items()
    if word == "at_least":
        return _say(language, f"at least {_times(value, language)}", f"{_times(value, language)} 이상")
    if word == "at_most":
        return _say(language, f"at most {_times(value, language)}", f"{_times(value, language)} 이하")
    return _subject(_say(language, "with a count that", "횟수가"), count, language)


def _times(count: Any, language: str) -> str:
    return _say(language, "once" if count == 1 else f"{count} times", f"{count}회")


def _window(leaf: Mapping[str, Any], language: str) -> str:
    if "calendar" in leaf:
        return _pick(language, PERIODS[leaf["calendar"]])
    for word, pair in WINDOWS.items():
        if word in leaf:
            value = leaf[word] if isinstance(leaf[word], list) else [leaf[word]]
            spans = word in {"within", "ago"}
            return _pick(language, pair).format(*(_span(one, language) if spans else one for one in value))
    return ""


def _comparison(word: str, value: Any, language: str) -> str:
    if word == "exists":
        return _say(language, "is known" if value else "is not known", "있음" if value else "없음")
    if word == "length":
        told = value if isinstance(value, Mapping) else {"is": value}
        return _subject(_say(language, "has a length that", "길이가"), told, language)
    if word == "any_item":
        return _say(language, "has an item with", "항목 중에") + _where(value, language)
    if word == "anniversary":
        return _anniversary(value, language)
    if word == "calendar":
        return _say(language, f"is {_pick(language, PERIODS[value])}", f"{_pick(language, PERIODS[value])}임")
    if word == "held_for":
        [(how, span)] = value.items()
        spans = span if isinstance(span, list) else [span]
        return _pick(language, HELD[how]).format(*(_span(one, language) for one in spans))
    template = _pick(language, COMPARISONS[word])
    if word == "between":
        return template.format(*(_value(one) for one in value))
    if word in {"within", "older_than", "in_next"}:
        return template.format(_span(value, language))
    return template.format(_value(value))


def _anniversary(value: Mapping[str, str], language: str) -> str:
    [(word, span)] = value.items()
    if word == "on":
        return _say(language, "has its anniversary today", "기념일이 오늘")
    if word == "in_next":
        return _say(language, "has its anniversary in the next ", "기념일이 앞으로 ") + _span(span, language)
    return _say(language, "had its anniversary in the last ", "기념일이 지난 ") + _span(span, language)


def _span(span: str, language: str) -> str:
    number, unit = int(span[:-1]), UNITS[language][span[-1]]
    if language == "ko":
        return f"{number}{unit}"
    return f"{number} {unit}{'' if number == 1 else 's'}"


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return ", ".join(map(_value, value))
    return f"“{value}”" if isinstance(value, str) else str(value)
