"""What a filter may take and give: a few of them turn a little text into more than a machine can hold. Pure."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from liquid.exceptions import FilterArgumentError

LONGEST = 128 * 1024  # characters of a text that a filter takes or gives
MOST = 10_000  # items of a list
MULTIPLY = frozenset({"replace", "join"})  # as often as the text is long, as long as the argument is


def bounded(found: Callable[..., Any]) -> Callable[..., Any]:
    """The filter, refusing values beyond what any message needs."""
    multiplies = getattr(found, "__name__", "") in MULTIPLY

    @wraps(found)
    def within(value: Any, *args: Any, **kwargs: Any) -> Any:
        sizes = [_size(value), *(_size(arg) for arg in args)]
        if multiplies and sizes[0] * max(sizes[-1], 1) > LONGEST * 4:
            raise FilterArgumentError("the text would become too long", token=None)
        given = found(value, *args, **kwargs)
        _size(given)
        return given

    return within


def _size(value: Any) -> int:
    if isinstance(value, str):
        if len(value) > LONGEST:
            raise FilterArgumentError(f"a text of more than {LONGEST} characters", token=None)
        return len(value)
    if isinstance(value, list | tuple | range):
        if len(value) > MOST:
            raise FilterArgumentError(f"a list of more than {MOST} items", token=None)
        return len(value)
    if isinstance(value, int) and value.bit_length() > 256:
        raise FilterArgumentError("a number of more than 77 digits", token=None)
    return 1
