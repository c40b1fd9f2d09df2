"""Planning: what a release changes on a remote, and whether what stands there is what was planned."""
