"""What a training step does beside the forward pass: gradients, and what is kept for them."""
