"""Console, admin API and the customers' pages: request, one step, render."""
