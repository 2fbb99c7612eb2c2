"""What was read, as structure: lines, labels with their values, tables, cards, charts, records."""
