"""Templates: what staff write once and every customer reads in their own words.

In: sources in Liquid, around HTML or MJML. Out: compiled once (partials, MJML, styles), rendered per customer.
Promise: what a customer typed never becomes markup, template or an address that runs something; no template runs for
long; a missing value is empty and never an error.
"""

from __future__ import annotations

from dangol.campaign.templates.compiling import Compiled, compiled, compiled_text
from dangol.campaign.templates.engine import TemplateFault, missing, render_markup, render_plain
from dangol.campaign.templates.languages import choose
from dangol.campaign.templates.partials import names as held
from dangol.campaign.templates.strict import Trouble, speaks_of_coupons, trouble, troubles, troubles_apart

__all__ = [
    "Compiled",
    "TemplateFault",
    "Trouble",
    "choose",
    "compiled",
    "compiled_text",
    "held",
    "missing",
    "render_markup",
    "render_plain",
    "speaks_of_coupons",
    "trouble",
    "troubles",
    "troubles_apart",
]
