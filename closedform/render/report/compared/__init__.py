"""What is said of several models, or of two states of one."""
