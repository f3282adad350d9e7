"""Who: a rule becomes an ibis expression, members, the next flip and an explanation."""
