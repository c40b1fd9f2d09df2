"""Bound the memory that xet uses: its own defaults suit a machine that does nothing else.

hf_xet has one session per process. It reads its settings from the environment when the client creates that session,
and the client has no other way to pass them on. Settings of the user are never changed.

Peak of the whole process in MB, 1 GB of random bytes, huggingface_hub 2.4.0, hf_xet 1.8.0, two cores:

    |                                            | as it comes | with these settings |
    |--------------------------------------------|-------------|---------------------|
    | publish four files                         |    920-1091 |             244-254 |
    | publish four files of normal float32       |    958-961  |             234-235 |
    | publish a file of which 15/16 are repeated |    615-1051 |             213-241 |
    | the same, to a Hub that responds slowly    |             |             236-268 |
    | pull one file                              |         752 |             211-213 |
    | pull four files                            |    519-1045 |                 215 |

Of these, 65 MB are the process before it sends. Two xorbs in flight take 283 to 301 MB, and 337 if single chunks are
new among repeated ones; they save no time: three runs of four files of noise took 10.2, 10.3 and 13.4 s with two, and
7.8, 7.8 and 10.4 s with one. Blocks of 512 kB hold 373 MB in the slow case, and those of 1 or 2 MB 530 MB. With
blocks of 32 or 64 kB, nearly every chunk is copied, for a tenth of processor time or more. One arena for all threads
(MALLOC_ARENA_MAX) takes 35 MB more. The size of a xorb cannot be set: hf_xet ignores its option for that, except in
builds for simulations.
"""

import ctypes
import os
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType

from hublish.formats.catalogue import WEIGHT_SUFFIXES

# A user who sets one of these prefers speed to memory.
_HIGH_PERFORMANCE = ("HF_XET_HIGH_PERFORMANCE", "HF_XET_HP")

# Other names that hf_xet reads when the first is not set (xet-core, config/aliases.rs).
_OLD_NAMES = MappingProxyType(
    {
        "HF_XET_CLIENT_AC_INITIAL_UPLOAD_CONCURRENCY": "HF_XET_FIXED_UPLOAD_CONCURRENCY",
        "HF_XET_CLIENT_AC_MAX_UPLOAD_CONCURRENCY": "HF_XET_FIXED_UPLOAD_CONCURRENCY",
        "HF_XET_DATA_INGESTION_BLOCK_SIZE": "HF_XET_INGESTION_BLOCK_SIZE",
        "HF_XET_DATA_MAX_CONCURRENT_FILE_INGESTION": "HF_XET_MAX_CONCURRENT_FILE_INGESTION",
        "HF_XET_XORB_COMPRESSION_POLICY": "HF_XET_DATA_XORB_COMPRESSION_POLICY",
    }
)

SETTINGS: Mapping[str, str] = MappingProxyType(
    {
        # Upload. Data is sent in xorbs of 64 MB, and each file being chunked fills its own: 8 at once by default.
        "HF_XET_DATA_MAX_CONCURRENT_FILE_INGESTION": "1",
        # One xorb is sent while the next is filled. Each further one in flight, up to 64, takes 64 MB more.
        "HF_XET_CLIENT_AC_INITIAL_UPLOAD_CONCURRENCY": "1",
        "HF_XET_CLIENT_AC_MAX_UPLOAD_CONCURRENCY": "1",
        # A block stays in memory as long as one of its chunks (64 kB) is in a xorb that is not sent; default: 8 MB.
        # Of a smaller block, more chunks reach into the next one, and those are copied.
        "HF_XET_DATA_INGESTION_BLOCK_SIZE": "256kb",
        # With the default ("auto"), hf_xet keeps a xorb twice while it compresses; with a named policy, it compresses
        # chunk by chunk. This one compresses weights as well as "auto": to 0.94 for float32, to 0.86 for bfloat16.
        "HF_XET_XORB_COMPRESSION_POLICY": "bg4-lz4",
        # Download. The buffers of all files together; the default is a share of the machine's memory. With 64 MB, half
        # as much time again is spent waiting for parts; above 160 MB, memory is all that grows.
        "HF_XET_RECONSTRUCTION_DOWNLOAD_BUFFER_SIZE": "160mb",
        "HF_XET_RECONSTRUCTION_DOWNLOAD_BUFFER_PERFILE_SIZE": "80mb",
        "HF_XET_RECONSTRUCTION_DOWNLOAD_BUFFER_LIMIT": "160mb",
    }
)
"""Environment variable -> value."""

# With less than half of the bytes in weights, `lz4`: text is compressed to 0.38 by it and to 0.75 by `bg4-lz4`.
_POLICY = "HF_XET_XORB_COMPRESSION_POLICY"

# Fewer bytes cannot tell.
_LEAST_SAMPLE = 64 << 10

# mallopt(3), glibc. A freed block above the mmap threshold returns to the system at once, and so does the free end of a
# heap above the trim threshold. By itself glibc raises both, up to 32 and 64 MB, and freed memory then stays with the
# process: 70 MB while xorbs are filled.
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3
# Less than an ingestion block, and glibc's initial values.
_SMALL = (128 << 10, 128 << 10)
# The end of glibc's own adjustment (malloc.c, DEFAULT_MMAP_THRESHOLD_MAX), which cannot be switched on again.
_LARGE = (32 << 20, 64 << 20)


@contextmanager
def bounded(sizes: Mapping[str, int] = MappingProxyType({}), sample: bytes = b"") -> Iterator[None]:
    """Bound the buffers of the xet session that the client may create in this block.

    When two threads do this at once, the first to leave removes the settings. The session keeps those it was created
    with.

    Args:
        sizes: the size in bytes of each file to send, by path_in_repo; empty for a download.
        sample: some of their bytes.
    """
    if any(os.environ.get(name) for name in _HIGH_PERFORMANCE):
        yield
        return
    policy = "none" if _is_incompressible(sample) else "bg4-lz4" if _mostly_weights(sizes) else "lz4"
    added = _missing({**SETTINGS, _POLICY: policy})
    os.environ.update(added)
    # Not for a download: its peak is the same without them, and returning pages takes a fifth of its time.
    if sizes:
        _set_thresholds(*_SMALL)
    try:
        yield
    finally:
        if sizes:
            _set_thresholds(*_LARGE)
        for name in added:
            os.environ.pop(name, None)


def _is_incompressible(sample: bytes) -> bool:
    """Return whether trying to compress bytes like these is a waste: encrypted or compressed ones, or noise."""
    # Grouped as in `bg4-lz4`. zlib finds all that LZ4 does, and more.
    grouped = b"".join(sample[at::4] for at in range(4))
    return len(sample) >= _LEAST_SAMPLE and len(zlib.compress(grouped, 1)) > 0.99 * len(sample)


def _mostly_weights(sizes: Mapping[str, int]) -> bool:
    weights = sum(size for path, size in sizes.items() if path.endswith(WEIGHT_SUFFIXES))
    return 2 * weights >= sum(sizes.values())


# A setting of the user counts, also under an older name.
def _missing(settings: Mapping[str, str]) -> Mapping[str, str]:
    def is_set(name: str) -> bool:
        return name in os.environ or _OLD_NAMES.get(name, name) in os.environ

    return {name: value for name, value in settings.items() if not is_set(name)}


def _set_thresholds(block: int, end_of_heap: int) -> None:
    # Python offers no access to it, and the allocator of the process is the one that hf_xet uses.
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:  # only some C libraries have it
        mallopt(_M_MMAP_THRESHOLD, block)
        mallopt(_M_TRIM_THRESHOLD, end_of_heap)
