"""What is worked out: sums, differences, counts and other calculations."""
