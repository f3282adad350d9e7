"""Harvest keeps no table: what campaigns earned is counted from runs, orders and refunds each time it is asked."""
