"""The Hub: `client` calls any Hub, `server` is a Hub on loopback, and `fixtures` offers that one to pytest."""
