"""PyPI posthog: tells the calls that come in on standard input; arguments are address and key."""

import json
import sys
import time

from posthog import Posthog

failed: list[str] = []
client = Posthog(
    sys.argv[2],
    host=sys.argv[1],
    flush_at=4,
    flush_interval=0.1,
    max_retries=10,
    disable_geoip=False,
    on_error=lambda error, _: failed.append(str(error)),
)
for call in json.load(sys.stdin):
    who = call["userId"]
    match call["type"]:
        case "identify":
            client.set(distinct_id=who, properties=call["traits"])
        case "track":
            client.capture(call["event"], distinct_id=who, properties=call["properties"])
        case "page":
            client.capture("$pageview", distinct_id=who, properties={"name": call["name"], **call["properties"]})
        case "group":
            client.group_identify("company", call["groupId"], call["traits"], distinct_id=who)
        case "alias":
            client.alias(call["previousId"], who)
    time.sleep(0.003)
client.shutdown()
sys.exit("\n".join(failed) or None)
