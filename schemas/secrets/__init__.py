"""The rules that recognize credentials, the masking of output, and the characters that hide text."""
