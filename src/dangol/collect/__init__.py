"""Facts in: the tracking HTTP API, files and our own outcomes, appended to the one log."""
