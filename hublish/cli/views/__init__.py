"""Results for people, as JSON and as bare values: one file per result, named like its verb."""
