"""The commands that have a file of their own; the others stand in `cli`."""
