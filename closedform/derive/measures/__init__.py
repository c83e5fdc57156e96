"""What is measured: rows, what one operation counts, and the measure of a name."""
