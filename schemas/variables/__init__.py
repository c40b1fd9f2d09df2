"""`{{ name }}` in a manifest: the names, the lookup of their values, and the expansion of strings."""
