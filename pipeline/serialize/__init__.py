"""Collection -> Staged: convert every artifact to the format that the manifest declares."""
