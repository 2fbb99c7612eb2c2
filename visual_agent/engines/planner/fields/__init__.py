"""One value: by its label, row and column, sentence, role or time."""
