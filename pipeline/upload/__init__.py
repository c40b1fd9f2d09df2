"""Plan -> Receipt: prepare the repo, upload in one visible step, then admit readers and set the tag."""
