"""Build listings from names and bytes; texts and names that are hard to write down."""

from collections.abc import Mapping
from typing import Any

from hypothesis import strategies as st

from hublish.pipeline.draft.listing import Item, Listing

TOKEN = "hf_" + "aB3dE5gH7jK9mN1pQ3sT5vX7zC2eG4iK6n"
# Characters with a meaning in YAML, in variables, in a shell, on a terminal or in names.
ODD = st.sampled_from([*"\n\r\t:#{}[]&*!|>'\"%@`,?-~\\ .=\x00\x1b\x85\u2028\u202e\ufeff\ud800é", "{{ x }}", "- ", ": "])
TEXT = st.lists(st.one_of(ODD, st.text(max_size=4)), max_size=8).map("".join)


def listing_of(files: Mapping[str, bytes], **more: Any) -> Listing:
    """Return a listing whose files are read from memory, like the files of a Hub repo."""
    items = tuple(Item(path, max(1, len(data))) for path, data in sorted(files.items()))
    return Listing("folder", items, reader=lambda path, limit: files[path][:limit], **more)


def named(*paths: str, **more: Any) -> Listing:
    """Return a listing of files that are not empty."""
    return listing_of(dict.fromkeys(paths, b"x"), **more)
