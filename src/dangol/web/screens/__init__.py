"""The console, one file per screen."""
