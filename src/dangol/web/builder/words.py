"""Comparisons, measures, windows and groups of the segment language, in people's words."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from dangol.web.builder.controls import Comparison, Words

GROUPS: Words = {
    "all": _("all of these hold"),
    "any": _("at least one holds"),
    "none": _("none of these holds"),
    "exactly": _("exactly so many hold"),
}
UNITS: Words = {"d": _("days"), "w": _("weeks"), "h": _("hours"), "m": _("minutes"), "s": _("seconds")}
WINDOWS: Words = {
    "": _("at any time"),
    "within": _("in the last"),
    "ago": _("between … and … ago"),
    "since": _("since"),
    "until": _("until"),
    "between": _("from … to"),
    "calendar": _("by the calendar"),
}
MEASURES: Words = {
    "": _("at least once"),
    "count": _("how often"),
    "sum": _("the sum of"),
    "average": _("the average of"),
    "min": _("the least"),
    "max": _("the greatest"),
    "distinct": _("different values of"),
}
FAMILIES: Words = {
    "value": _("Value"),
    "number": _("Number"),
    "text": _("Text"),
    "time": _("Time"),
    "list": _("List"),
}
COMPARISONS: dict[str, Comparison] = {
    "is": Comparison(_("is"), "scalar", "value"),
    "is_not": Comparison(_("is not"), "scalar", "value"),
    "in": Comparison(_("is one of"), "scalars", "value"),
    "not_in": Comparison(_("is none of"), "scalars", "value"),
    "exists": Comparison(_("is known"), "flag", "value"),
    "at_least": Comparison(_("is at least"), "number", "number"),
    "at_most": Comparison(_("is at most"), "number", "number"),
    "over": Comparison(_("is over"), "number", "number"),
    "under": Comparison(_("is under"), "number", "number"),
    "between": Comparison(_("is between"), "pair", "number"),
    "contains": Comparison(_("contains"), "text", "text"),
    "not_contains": Comparison(_("does not contain"), "text", "text"),
    "starts_with": Comparison(_("begins with"), "text", "text"),
    "not_starts_with": Comparison(_("does not begin with"), "text", "text"),
    "ends_with": Comparison(_("ends with"), "text", "text"),
    "not_ends_with": Comparison(_("does not end with"), "text", "text"),
    "matches": Comparison(_("matches the pattern"), "text", "text"),
    "not_matches": Comparison(_("does not match the pattern"), "text", "text"),
    "within": Comparison(_("is within the last"), "span", "time"),
    "older_than": Comparison(_("is longer ago than"), "span", "time"),
    "in_next": Comparison(_("is within the next"), "span", "time"),
    "before": Comparison(_("is before"), "moment", "time"),
    "after": Comparison(_("is after"), "moment", "time"),
    "anniversary": Comparison(_("has its anniversary"), "anniversary", "time"),
    "calendar": Comparison(_("by the calendar, is"), "calendar", "time"),
    "held_for": Comparison(_("has been the same for"), "held", "time"),
    "includes": Comparison(_("includes"), "scalar", "list"),
    "includes_any": Comparison(_("includes any of"), "scalars", "list"),
    "includes_all": Comparison(_("includes all of"), "scalars", "list"),
    "includes_none": Comparison(_("includes none of"), "scalars", "list"),
    "length": Comparison(_("has a length of"), "quantity", "list"),
    "any_item": Comparison(_("has an item with"), "items", "list"),
}
ANNIVERSARIES: Words = {"in_next": _("in the next"), "in_last": _("in the last"), "on": _("today")}
CALENDAR: Words = {
    "today": _("today"),
    "yesterday": _("yesterday"),
    "this_week": _("this week"),
    "last_week": _("last week"),
    "this_month": _("this month"),
    "last_month": _("last month"),
    "this_year": _("this year"),
    "last_year": _("last year"),
}
HELD: Words = {
    "at_least": _("at least"),
    "at_most": _("at most"),
    "over": _("over"),
    "under": _("under"),
    "between": _("between"),
}
QUANTITY: Words = {  # as they read behind a figure: "how often: at least 2"
    "is": _("exactly"),
    "is_not": _("not exactly"),
    "in": _("one of"),
    "not_in": _("none of"),
    "at_least": _("at least"),
    "at_most": _("at most"),
    "over": _("over"),
    "under": _("under"),
    "between": _("between"),
}
