"""One file a command; each holds a `COMMAND` and imports what is slow inside its run function."""
