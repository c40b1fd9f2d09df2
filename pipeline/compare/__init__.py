"""Release -> Plan: compare a release with one remote commit, with a lock, or with a reviewed plan."""
