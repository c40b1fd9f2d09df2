"""The rules that recognize credentials, and the characters that hide text."""
