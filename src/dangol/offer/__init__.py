"""With what: the catalogue, what lies in stock at which price, and what to show to whom."""
