"""Receipt -> Receipt (verified): compare the remote tree with the plan."""
