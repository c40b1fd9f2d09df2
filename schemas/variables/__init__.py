"""`{{ name }}` in a manifest: the known names, their values, and how they are filled in."""
