"""A Hugging Face Hub on loopback, for rehearsals and tests: the real client talks to it unchanged."""
