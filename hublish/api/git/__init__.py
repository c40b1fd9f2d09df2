"""Values that a manifest may mention without declaring them: the git repository, the environment, the date."""
