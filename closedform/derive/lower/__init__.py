"""Closed forms as small programs on integers, with proofs of how large each step can be."""
