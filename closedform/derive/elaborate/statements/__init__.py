"""Statements: assignments, cases, and loops, each carried out once."""
