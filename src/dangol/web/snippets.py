"""What a shop pastes to send facts here: its own address and key in the words of each library."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True, slots=True)
class Snippet:
    """One way to send facts."""

    name: str
    about: Any  # lazily translated
    text: str


CALLS = """dangol.identify("minji", {{email: "minji@example.com"}});
dangol.productAdded({{product_id: "cup-1", name: "Celadon cup", price: 38000, quantity: 1}});
dangol.orderCompleted({{order_id: "1001", revenue: 38000, currency: "KRW"}});"""
LINE = '<script async src="{address}/t.js" data-key="{key}"></script>'
CURL = """curl {address}/v1/track -u {key}: \\
  -H 'Content-Type: application/json' \\
  -d '{{"userId": "minji", "event": "Order Completed",
       "properties": {{"order_id": "1001", "revenue": 38000}}}}'"""
PYTHON = """# pip install segment-analytics-python
import segment.analytics as analytics

analytics.write_key = "{key}"
analytics.host = "{address}"
analytics.track("minji", "Order Completed", {{"order_id": "1001", "revenue": 38000}})
analytics.flush()"""
NODE = """// npm install @segment/analytics-node
import {{ Analytics }} from "@segment/analytics-node";

const analytics = new Analytics({{ writeKey: "{key}", host: "{address}" }});
analytics.track({{ userId: "minji", event: "Order Completed",
                  properties: {{ order_id: "1001", revenue: 38000 }} }});
await analytics.closeAndFlush();"""
PAGES = """// npm install @segment/analytics-next
const analytics = AnalyticsBrowser.load(
  {{ writeKey: "{key}", cdnURL: "{address}" }},
  {{ integrations: {{ "Segment.io": {{ apiHost: "{host}/v1", protocol: "{scheme}" }} }} }});"""
POSTHOG = """// npm install posthog-node
import {{ PostHog }} from "posthog-node";

const posthog = new PostHog("{key}", {{ host: "{address}" }});
posthog.capture({{ distinctId: "minji", event: "Order Completed", properties: {{ order_id: "1001" }} }});
await posthog.shutdown();"""
JITSU = """// npm install @jitsu/js
import {{ jitsuAnalytics }} from "@jitsu/js";

const jitsu = jitsuAnalytics({{ host: "{address}", writeKey: "{key}" }});
await jitsu.track("Product Viewed", {{ product_id: "cup-1" }});"""
RUDDER = """// npm install @rudderstack/rudder-sdk-node
import RudderAnalytics from "@rudderstack/rudder-sdk-node";

const rudder = new RudderAnalytics("{key}", {{ dataPlaneUrl: "{address}" }});
rudder.track({{ userId: "minji", event: "Order Completed", properties: {{ order_id: "1001" }} }});
await rudder.flush();"""
WAYS = (
    (_("In the browser"), _("One line in the head of every page; page views come at once."), LINE),
    (_("Calls on your pages"), _("What a page cannot see by itself. The names are those of analytics.js."), CALLS),
    ("curl", _("One fact, from anywhere."), CURL),
    ("Python", _("With Segment's own library, pointed here."), PYTHON),
    ("Node", _("With Segment's own library, pointed here."), NODE),
    ("analytics.js", _("If your pages use it already, point it here."), PAGES),
    ("PostHog", _("If your shop uses it already, point it here."), POSTHOG),
    ("Jitsu", _("If your shop uses it already, point it here."), JITSU),
    ("RudderStack", _("If your shop uses it already, point it here."), RUDDER),
)


def snippets(base_url: str, key: str) -> list[Snippet]:
    """Every way, ready to paste."""
    address = base_url.rstrip("/")
    parts = urlsplit(address)
    values = {"address": address, "key": key, "host": parts.netloc, "scheme": parts.scheme}
    return [Snippet(str(name), about, text.format(**values)) for name, about, text in WAYS]
