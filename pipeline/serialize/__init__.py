"""Collection -> Staged: every file in the format the manifest asks for."""
