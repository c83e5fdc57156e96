"""Expressions to formulas as a person writes them."""
