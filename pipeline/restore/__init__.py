"""From checked files to the object a caller wants."""
