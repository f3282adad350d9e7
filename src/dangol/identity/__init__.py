"""Many identifiers, one customer; every merge is recorded so that it can be undone."""
