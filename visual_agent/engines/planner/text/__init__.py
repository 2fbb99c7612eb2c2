"""Words, numbers and meanings: texts of either language in forms that can be compared."""
