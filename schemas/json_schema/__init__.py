"""JSON Schemas of the documents, for editors and other programs."""
