"""A Hugging Face Hub on loopback, for rehearsals and tests: the real client talks to it unchanged.

`server` runs it and `app` lists its calls, which `routes` implement. `stores` holds the stores below them: bare git
repositories (`repositories`, `git`), large content by sha256 (`objects`, `xet`), files of buckets (`bucket_files`),
collections (`collection_store`), accounts, trusted publishers and unfinished uploads.
"""

from hublish.hub.server.server import EmbeddedHub, serve
from hublish.hub.server.stores import Limits
from hublish.hub.server.trusted_publishers import Publisher

__all__ = ["EmbeddedHub", "Limits", "Publisher", "serve"]
