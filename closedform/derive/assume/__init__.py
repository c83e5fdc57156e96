"""What is known about sizes: a store of facts, and proofs that use it."""
