"""Reports and derivations as text: one file a format."""
