"""Project -> Collection: list the files that the manifest names, and include or exclude each by the rules."""
