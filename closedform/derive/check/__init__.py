"""Expectations and claims."""
