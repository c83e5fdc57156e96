"""Closed forms: in chosen symbols, at numbers, with stages as sums."""
