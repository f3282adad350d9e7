"""What customers are worth: purchases to come, money to come, churn, with honest intervals from the first day."""
