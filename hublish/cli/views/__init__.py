"""How each kind of result is shown: for people, as JSON, and bare."""
