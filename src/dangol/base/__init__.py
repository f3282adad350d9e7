"""Ground floor: settings, clock, ids, money, errors, signed links. Knows nothing of customers."""
