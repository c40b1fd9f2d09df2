"""Plan -> Receipt: prepare the repo, upload in one commit, then reveal and tag it."""
