"""What a web push message takes the place of was called its topic; that word now means what customers subscribe to."""

import hashlib
import json

from django.db import migrations


def renamed(node, channel=""):
    """A definition, or a part of one, with `replaces` for the topic of what is sent by web push."""
    if isinstance(node, list):
        return [renamed(one, channel) for one in node]
    if not isinstance(node, dict):
        return node
    here = node.get("channel", channel)
    found = {word: _below(word, value, here) for word, value in node.items()}
    if here == "webpush" and "templates" in node and "topic" in node:
        found["replaces"] = found.pop("topic")
    return found


def _below(word, value, channel):
    return renamed(value, "webpush" if word == "webpush" else channel if word == "variants" else "")


def rename(apps, schema_editor):
    for name in ("Campaign", "Version"):
        for row in apps.get_model("campaign", name).objects.all():
            definition = renamed(row.definition)
            if definition != row.definition:
                text = json.dumps(definition, sort_keys=True, ensure_ascii=False)
                row.definition, row.digest = definition, hashlib.sha256(text.encode()).hexdigest()
                if name == "Campaign":
                    row.filed = renamed(row.filed)
                row.save()


class Migration(migrations.Migration):
    dependencies = [("campaign", "0012_share")]

    operations = [migrations.RunPython(rename, migrations.RunPython.noop)]
