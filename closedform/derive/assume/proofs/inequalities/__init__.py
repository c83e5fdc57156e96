"""Inequalities that follow without what is known of sizes: by means, squares, terms, rounding."""
