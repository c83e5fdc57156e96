"""What a formula is as a value: its names, its arithmetic, its numbers, and how it is shown."""
