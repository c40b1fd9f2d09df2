"""Release -> Plan: compare a release with one remote commit."""
