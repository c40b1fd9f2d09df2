"""One output format a file: how results, problems and errors are written."""
