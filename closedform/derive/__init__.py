"""Syntax tree to cost tree to closed forms."""
