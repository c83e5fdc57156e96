"""What a model needs of machines, as a notebook has it: memory, and the roofline."""
