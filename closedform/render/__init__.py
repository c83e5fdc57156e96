"""Results to text: a plain view of a result, and one template for each format."""
