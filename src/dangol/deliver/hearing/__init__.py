"""What providers report to us: one file per provider that says whether a call is genuine and what it tells."""
