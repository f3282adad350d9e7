"""Dangol (단골, "a customer who keeps coming back"): an eCRM in one process for shops that sell on the internet."""

__version__ = "0.1.0"
