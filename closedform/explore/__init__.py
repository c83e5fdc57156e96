"""What one explores with: formulas that take part in arithmetic, models, parts, and tables."""
