"""What a manifest may mention without declaring it: the git repository around it, the environment, the date."""
