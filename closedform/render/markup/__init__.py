"""What formats are made of: their rows, their languages, and the templates that they fill in."""
