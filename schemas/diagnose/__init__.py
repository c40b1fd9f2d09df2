"""From a validation error to a problem with a place, plain words and a hint."""
