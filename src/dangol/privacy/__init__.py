"""The rights of persons: copies, corrections, restrictions, erasures, and for how long what is kept."""
