"""Asking a shop by its API for what has changed since."""
