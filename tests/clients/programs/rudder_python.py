"""PyPI rudder-sdk-python: tells the calls that come in on standard input; arguments are address and key."""

import json
import sys
import time

from rudderstack.analytics.client import Client

failed: list[str] = []
client = Client(
    sys.argv[2],
    host=sys.argv[1],
    upload_size=7,
    upload_interval=0.1,
    gzip="gzip" in sys.argv,
    on_error=lambda error, _: failed.append(str(error)),
)
for call in json.load(sys.stdin):
    ids = {"user_id": call.get("userId"), "anonymous_id": call.get("anonymousId")}
    match call["type"]:
        case "identify":
            client.identify(traits=call["traits"], **ids)
        case "track":
            client.track(event=call["event"], properties=call["properties"], **ids)
        case "page":
            client.page(name=call["name"], properties=call["properties"], **ids)
        case "screen":
            client.screen(name=call["name"], properties=call["properties"], **ids)
        case "group":
            client.group(group_id=call["groupId"], traits=call["traits"], **ids)
        case "alias":
            client.alias(previous_id=call["previousId"], user_id=call["userId"])
    time.sleep(0.003)
client.flush()
client.join()
sys.exit("\n".join(failed) or None)
