"""The Hub: `client.py` speaks to any, `embedded/` is one, on loopback."""
