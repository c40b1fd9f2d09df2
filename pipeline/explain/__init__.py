"""Explaining: why a file is in a release or out of it, told by the very rules that decide when it is collected."""
