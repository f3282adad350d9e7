"""The console's few icons: lines on a 24 × 24 ground, drawn here so that no font or sprite has to be fetched."""

from __future__ import annotations

from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

PATHS = {
    "ring": '<path d="M20 12a8 8 0 1 1-4-6.9"/><path d="M16.5 2v3.6h-3.6"/>',
    "people": '<circle cx="9" cy="8" r="3.5"/><path d="M2.5 20c.4-3.6 3-5.5 6.5-5.5s6.1 1.9 6.5 5.5"/>'
    '<path d="M16 4.8a3.5 3.5 0 0 1 0 6.4M18 14.9c2 .7 3.2 2.5 3.5 5.1"/>',
    "segment": '<circle cx="9" cy="12" r="6"/><circle cx="15" cy="12" r="6"/>',
    "compass": '<circle cx="12" cy="12" r="9"/><path d="m15.5 8.5-2 5-5 2 2-5z"/>',
    "coins": '<ellipse cx="12" cy="6.5" rx="7.5" ry="3"/><path d="M4.5 6.5v5.5c0 1.7 3.4 3 7.5 3s7.5-1.3 7.5-3V6.5"/>'
    '<path d="M4.5 12v5.5c0 1.7 3.4 3 7.5 3s7.5-1.3 7.5-3V12"/>',
    "send": '<path d="M21 3 10.5 13.5M21 3l-6.5 18-4-7.5L3 9.5z"/>',
    "mail": '<rect x="3" y="5" width="18" height="14" rx="2.5"/><path d="m3.5 7 8.5 6 8.5-6"/>',
    "chart": '<path d="M4 20h16M6.5 16v-4M12 16V6M17.5 16v-7"/>',
    "chat": '<path d="M20 11.5a7.5 7.5 0 0 1-11 6.6L4 19.5l1.4-4.4A7.5 7.5 0 1 1 20 11.5Z"/><path d="M9 10h6M9 13h4"/>',
    "smile": '<circle cx="12" cy="12" r="9"/><path d="M8.5 14.2c1.8 2.4 5.2 2.4 7 0M9 9.5v.01M15 9.5v.01"/>',
    "plug": '<path d="M9 3v5M15 3v5M6 8h12v3a6 6 0 0 1-12 0zM12 17v4"/>',
    "sliders": '<path d="M4 7h9M17 7h3M4 17h3M11 17h9"/><circle cx="15" cy="7" r="2"/><circle cx="9" cy="17" r="2"/>',
    "search": '<circle cx="10.5" cy="10.5" r="6.5"/><path d="m15.5 15.5 5 5"/>',
    "out": '<path d="M14 4H6a2 2 0 0 0-2 2v12a2 2 0 0 0 2 2h8M16 8l4 4-4 4M20 12H10"/>',
    "menu": '<path d="M4 7h16M4 12h16M4 17h16"/>',
    "sun": '<circle cx="12" cy="12" r="4"/><path d="M12 2.5v2M12 19.5v2M2.5 12h2M19.5 12h2M5.3 5.3l1.4 1.4M17.3 17.3'
    'l1.4 1.4M5.3 18.7l1.4-1.4M17.3 6.7l1.4-1.4"/>',
    "gift": '<path d="M4 11h16v9.5H4zM3 7.5h18V11H3zM12 7.5v13M12 7.5C9 7.5 7 6.5 7 5c0-2.5 4-2 5 2.5'
    ' 1-4.5 5-5 5-2.5 0 1.5-2 2.5-5 2.5z"/>',
    "globe": '<circle cx="12" cy="12" r="9"/><path d="M3 12h18M12 3c5 5.5 5 12.5 0 18M12 3c-5 5.5-5 12.5 0 18"/>',
    "copy": '<rect x="8" y="8" width="12" height="12" rx="2"/>'
    '<path d="M16 8V6a2 2 0 0 0-2-2H6a2 2 0 0 0-2 2v8a2 2 0 0 0 2 2h2"/>',
    "check": '<path d="m5 12.5 4.5 4.5L19 7.5"/>',
    "pause": '<path d="M8.5 5v14M15.5 5v14"/>',
    "play": '<path d="M7 4.5v15l12-7.5z"/>',
    "plus": '<path d="M12 5v14M5 12h14"/>',
    "right": '<path d="m9 5 7 7-7 7"/>',
    "left": '<path d="m15 5-7 7 7 7"/>',
    "clock": '<circle cx="12" cy="12" r="9"/><path d="M12 7v5l3.5 2"/>',
    "split": '<path d="M4 12h5l6-6h5M9 12l6 6h5M17.5 3.5 20 6l-2.5 2.5M17.5 15.5 20 18l-2.5 2.5"/>',
    "flag": '<path d="M5 21V4M5 5c4-3 8 3 14 0v9c-6 3-10-3-14 0"/>',
    "store": '<path d="M4.5 10v10h15V10"/>'
    '<path d="M3 9l2-5h14l2 5c0 3-4.5 3-4.5 0 0 3-4.5 3-4.5 0 0 3-4.5 3-4.5 0C7.5 12 3 12 3 9z"/>',
    "bag": '<path d="M5 8h14l1 12.5H4zM8.5 10.5V7a3.5 3.5 0 0 1 7 0v3.5"/>',
    "cart": '<path d="M3 4h2.5l2.3 11h9.7L20 7.5H6.3"/><circle cx="9" cy="19.3" r="1.4"/>'
    '<circle cx="16.5" cy="19.3" r="1.4"/>',
    "eye": '<path d="M2.5 12C6 5.5 18 5.5 21.5 12 18 18.5 6 18.5 2.5 12z"/><circle cx="12" cy="12" r="3"/>',
    "phone": '<path d="M5 4h4l1.5 5-2.3 1.6a12 12 0 0 0 5.2 5.2L15 13.5l5 1.5v4c0 .6-.5 1-1 1-9 0-15-7-15-15z"/>',
    "person": '<circle cx="12" cy="8" r="4"/><path d="M4.5 20.5c.6-4 3.5-6 7.5-6s6.9 2 7.5 6"/>',
    "back": '<path d="M9 7 4 12l5 5M4 12h10a6 6 0 0 1 6 6"/>',
    "star": '<path d="m12 3.5 2.6 5.5 6 .8-4.4 4.200 1.1 6L12 17l-5.3 3 1.1-6L3.4 9.800l6-.8z"/>',
    "shield": '<path d="M12 3 5 6v5.5c0 4.5 3 7.5 7 9.5 4-2 7-5 7-9.5V6z"/>',
    "dot": '<circle cx="12" cy="12" r="4"/>',
    "file": '<path d="M13.5 3H7a2 2 0 0 0-2 2v14a2 2 0 0 0 2 2h10a2 2 0 0 0 2-2V8.5zM13.5 3v5.5H19"/>',
    "key": '<circle cx="8" cy="15" r="4.5"/><path d="M11.3 11.7 20 3M16 7l3 3"/>',
    "code": '<path d="m8 7-5 5 5 5M16 7l5 5-5 5M13.5 5l-3 14"/>',
    "trash": '<path d="M4 7h16M9 7V4h6v3M6.5 7l1 13h9l1-13"/>',
    "edit": '<path d="m4 20 1-4.5L16 4.5l3.5 3.5L8.5 19z"/>',
}
SVG = (
    '<svg class="icon" viewBox="0 0 24 24" width="20" height="20" fill="none" stroke="currentColor" stroke-width="1.7" '
    'stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">{}</svg>'
)


def icon(name: str) -> SafeString:
    """An icon as inline SVG; it says nothing to a screen reader, the words beside it do."""
    return format_html(SVG, mark_safe(PATHS[name]))  # noqa: S308 - constants of this file
