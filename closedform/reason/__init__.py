"""Questions to formulas, each with an exact answer that says what it rests on."""
