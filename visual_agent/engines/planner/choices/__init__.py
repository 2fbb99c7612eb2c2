"""Which one: most and least, bars and series, one of several pictures, what changed."""
