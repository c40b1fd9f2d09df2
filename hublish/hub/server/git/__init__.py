"""Real bare git repositories: `git clone`, `git log` and `git fsck` work on them."""
