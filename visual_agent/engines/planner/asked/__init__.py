"""What a question asks for: its kind, its terms, what each of them weighs, what must be on the page."""
