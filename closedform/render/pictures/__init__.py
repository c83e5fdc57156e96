"""Drawings, charts and plots."""
