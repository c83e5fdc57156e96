"""What machines can do: rows of a file, and the bounds that they set."""
