"""Yes and no, and where something stands."""
