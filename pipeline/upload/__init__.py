"""Plan -> Receipt: prepare the repo, upload in one commit, then admit readers and set the tag."""
