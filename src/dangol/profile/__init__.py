"""What the facts say about a customer: traits, orders, consents, figures, timeline."""
