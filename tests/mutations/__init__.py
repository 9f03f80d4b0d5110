"""Small mistakes made in the examples, one at a time, and what finds them."""
