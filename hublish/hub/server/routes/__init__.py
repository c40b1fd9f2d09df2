"""The calls of the protocol, a family a file. A handler takes the hub and a request and returns a response."""
