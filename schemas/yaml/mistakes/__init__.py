"""What people did when YAML does not parse: each mistake that is recognised is told as it was made."""
