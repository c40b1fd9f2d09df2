"""A Hugging Face Hub on loopback, for rehearsals and tests: the real client talks to it unchanged.

`server` runs it, `app` lists the calls it answers, `hub` the stores below them: bare git repositories
(`repositories`, `git`), large content by its sha256 (`objects`), accounts and uploads under way.
"""

from hublish.hub.server.hub import Limits
from hublish.hub.server.server import EmbeddedHub, serve

__all__ = ["EmbeddedHub", "Limits", "serve"]
