"""The trained reader: everything that could answer, weighed by a small network."""
