"""Questions to formulas, and answers that can be told to a sceptic."""
