"""How much memory xet may take: its own defaults are for a machine that does nothing else.

hf_xet keeps one session for a process. It takes its settings from the environment when the client makes that session,
and the client has no other way to pass them on. What the user has set is never touched.

Peak of the whole process in MB, 1 GB of random bytes (2 GB: the same), huggingface_hub 2.4.0, hf_xet 1.8.0, two cores:

    |                                            | as it comes | with these settings |
    |--------------------------------------------|-------------|---------------------|
    | publish one file                           |     286-330 |             211-216 |
    | publish four files                         |     625-730 |             213-221 |
    | publish a file of which 15/16 are repeated |    615-1051 |                 275 |
    | pull one file                              |         752 |             140-142 |
    | pull four files                            |        1045 |                 145 |

No difference in elapsed time was seen beyond the noise; publishing takes about 40 % more of a processor, for pages that
are given back and asked for again.
"""

import ctypes
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType

from hublish.formats.catalogue import WEIGHT_SUFFIXES

_GENEROUS = ("HF_XET_HIGH_PERFORMANCE", "HF_XET_HP")
"""Whoever sets one of these wants speed at any price."""

_OLD_NAMES = MappingProxyType(
    {
        "HF_XET_CLIENT_AC_INITIAL_UPLOAD_CONCURRENCY": "HF_XET_FIXED_UPLOAD_CONCURRENCY",
        "HF_XET_CLIENT_AC_MAX_UPLOAD_CONCURRENCY": "HF_XET_FIXED_UPLOAD_CONCURRENCY",
        "HF_XET_DATA_INGESTION_BLOCK_SIZE": "HF_XET_INGESTION_BLOCK_SIZE",
        "HF_XET_DATA_MAX_CONCURRENT_FILE_INGESTION": "HF_XET_MAX_CONCURRENT_FILE_INGESTION",
        "HF_XET_XORB_COMPRESSION_POLICY": "HF_XET_DATA_XORB_COMPRESSION_POLICY",
    }
)
"""Other names hf_xet reads when the first is not set (xet-core, config/aliases.rs)."""

SETTINGS: Mapping[str, str] = MappingProxyType(
    {
        # Upload. Data leaves in xorbs of 64 MB, and a file that is cut up holds one of its own: 8 at once by default.
        "HF_XET_DATA_MAX_CONCURRENT_FILE_INGESTION": "1",
        # One xorb is sent while the next is made, which is 64 MB more for each one that is sent beside it: up to 64.
        "HF_XET_CLIENT_AC_INITIAL_UPLOAD_CONCURRENCY": "1",
        "HF_XET_CLIENT_AC_MAX_UPLOAD_CONCURRENCY": "1",
        # A block that was read stays in memory while one of its parts, of 64 kB, waits in a xorb: default 8 MB.
        "HF_XET_DATA_INGESTION_BLOCK_SIZE": "512kb",
        # Left to choose for itself ("auto"), hf_xet holds a xorb twice while it packs; told how, it packs as it goes.
        # This packs numbers as well as its own choice does: 0.94 of float32 weights, 0.86 of bfloat16.
        "HF_XET_XORB_COMPRESSION_POLICY": "bg4-lz4",
        # Download. The buffers of all files together; by default a share of the machine's memory.
        "HF_XET_RECONSTRUCTION_DOWNLOAD_BUFFER_SIZE": "64mb",
        "HF_XET_RECONSTRUCTION_DOWNLOAD_BUFFER_PERFILE_SIZE": "32mb",
        "HF_XET_RECONSTRUCTION_DOWNLOAD_BUFFER_LIMIT": "64mb",
    }
)
"""Environment variable -> value."""

_FOR_THE_REST = MappingProxyType({"HF_XET_XORB_COMPRESSION_POLICY": "lz4"})
"""When most of what is sent is no weights: text packs to 0.38 this way and to 0.75 the other."""

# mallopt(3), glibc. A block above the first threshold goes back to the system as soon as it is free, and so does the
# end of a heap above the second. Left alone glibc raises both, up to 32 and 64 MB, and what is freed then stays with
# the process: 70 MB when xorbs are made.
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3
_SMALL = (256 << 10, 128 << 10)
"""Less than an ingestion block, and glibc's first value."""
_LARGE = (32 << 20, 64 << 20)
"""Where glibc's own adjustment ends (malloc.c, DEFAULT_MMAP_THRESHOLD_MAX): it cannot be switched on again."""


@contextmanager
def bounded(sizes: Mapping[str, int] = MappingProxyType({})) -> Iterator[None]:
    """Let the client make its xet session, if the block needs one, with bounded buffers.

    Args:
        sizes: path in the repo -> bytes, of what is about to be sent.

    Where two threads do this at once the first to leave takes the settings with it; the session keeps those it was
    made with.
    """
    if any(os.environ.get(name) for name in _GENEROUS):
        yield
        return
    added = _missing(SETTINGS if _mostly_weights(sizes) else {**SETTINGS, **_FOR_THE_REST})
    os.environ.update(added)
    _set_thresholds(*_SMALL)
    try:
        yield
    finally:
        _set_thresholds(*_LARGE)
        for name in added:
            os.environ.pop(name, None)


def _mostly_weights(sizes: Mapping[str, int]) -> bool:
    weights = sum(size for path, size in sizes.items() if path.endswith(WEIGHT_SUFFIXES))
    return 2 * weights >= sum(sizes.values())


def _missing(settings: Mapping[str, str]) -> Mapping[str, str]:
    def is_set(name: str) -> bool:
        return name in os.environ or _OLD_NAMES.get(name, name) in os.environ

    return {name: value for name, value in settings.items() if not is_set(name)}


def _set_thresholds(block: int, end_of_heap: int) -> None:
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:  # only some C libraries have it
        mallopt(_M_MMAP_THRESHOLD, block)
        mallopt(_M_TRIM_THRESHOLD, end_of_heap)
