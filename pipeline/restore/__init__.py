"""LocalRelease (checked) -> Loaded or Restored: read the weights, and fill the object that the caller wants."""
