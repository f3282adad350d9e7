"""Repeatable benchmarks on a shop of their own; each returns figures that the command prints as one JSON object."""
