"""Turn validation errors into problems: a place in the text, a message and a hint."""
