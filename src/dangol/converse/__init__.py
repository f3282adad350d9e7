"""Two-way: what staff have to do for one customer."""
