"""Formulas in each notation."""
