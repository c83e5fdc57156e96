"""Blocks and bodies as classes: each statement gives lines of `__init__` and of `forward`."""
