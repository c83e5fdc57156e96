"""What a formula answers: which claims of papers hold, and what explains those that do not."""
