"""Two-way: what staff have to do for one customer, and what is said with each."""
