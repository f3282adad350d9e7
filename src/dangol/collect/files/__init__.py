"""Files in: what a shop already has, from any export it can make, as facts of its history."""
