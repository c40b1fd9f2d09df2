"""The Hub: `client.py` asks any of them, `transfer.py` moves bytes, `embedded/` is one, on loopback."""
