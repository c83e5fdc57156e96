"""Derivations: the walk from the shapes to a closed form."""
