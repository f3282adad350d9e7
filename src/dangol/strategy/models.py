"""Strategy keeps no table of its own yet: plays are files, what they earned is read from the harvest."""
