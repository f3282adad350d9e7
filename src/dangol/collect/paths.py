"""Which path takes what, in which dialect. A trailing slash is the same path; nothing is ever redirected."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from dangol.collect.dialects import posthog, segment
from dangol.collect.dialects.told import Dialect


@dataclass(frozen=True, slots=True)
class Route:
    """How the calls that are posted to a path are read."""

    dialect: Dialect
    kind: str = "batch"  # or the type of the one call
    unwrap: bool = False  # it may be a form around the JSON
    library: str = "segment"  # whose it is


# What libraries look for in the answer, beside success.
SAYS: Mapping[str, Mapping[str, object]] = {"segment": {}, "jitsu": {"ok": True}, "posthog": {"status": 1}}
TYPES = ("identify", "track", "page", "screen", "group", "alias")
BATCH, HISTORY = Route(segment.tell), Route(segment.tell_history)
JITSU = {kind: Route(segment.tell, kind, library="jitsu") for kind in TYPES}
POSTHOG = Route(posthog.tell, unwrap=True, library="posthog")

TAKES: dict[str, Route] = {
    **{f"/v1/{kind}": Route(segment.tell, kind) for kind in TYPES},
    **{f"/v1/{kind[0]}": Route(segment.tell, kind) for kind in TYPES},
    "/v1/batch": BATCH,
    "/v1/b": BATCH,
    "/v1/import": HISTORY,
    "/beacon/v1/batch": BATCH,
    **{f"/api/s/{kind}": route for kind, route in JITSU.items()},
    **{f"/api/s/s2s/{kind}": route for kind, route in JITSU.items()},
    **dict.fromkeys(("/batch", "/capture", "/e", "/i/v0/e"), POSTHOG),
}
ASKED = ("/flags", "/decide")  # PostHog's libraries ask for feature flags here
PIXEL, PROJECT, SOURCE_CONFIG, METRICS, REMOTE = "/v1/pixel", "/v1/projects", "/sourceConfig", "/v1/m", "/array"

_FIRST = {"v1", "beacon", "batch", "capture", "e", "i", "flags", "decide", "sourceConfig", "array"}


def collected(path: str) -> bool:
    """Whether a path is the collector's."""
    first, _, rest = path[1:].partition("/")
    return first in _FIRST or (first == "api" and rest.startswith("s/"))
