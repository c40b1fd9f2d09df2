"""The builder of the library `datasets` that reads a file, by its extension.

A repo has one builder for all its configurations: files of other formats are not read.
"""

import re
from typing import Final

MEDIA_BUILDERS: Final = {
    "imagefolder": (
        "jpg",
        "jpeg",
        "png",
        "gif",
        "bmp",
        "tif",
        "tiff",
        "webp",
        "ppm",
        "pgm",
        "pbm",
        "ico",
        "jp2",
        "svg",
    ),
    "audiofolder": ("wav", "mp3", "flac", "ogg", "opus", "aac", "m4a", "aiff", "aif", "au", "raw", "wma"),
    "videofolder": ("mp4", "mkv", "avi", "mov", "webm", "mpeg", "mpg", "wmv", "flv"),
    "pdffolder": ("pdf",),
}
# datasets.packaged_modules: the builder of each extension.
_BUILDERS: Final = {
    # One builder with different separators, so that a repo can use only one of them.
    "csv": "csv",
    "tsv": "tsv",
    **dict.fromkeys(("json", "jsonl", "ndjson"), "json"),
    **dict.fromkeys(("parquet", "geoparquet", "gpq"), "parquet"),
    "txt": "text",
    "arrow": "arrow",
    "tar": "webdataset",
    "xml": "xml",
    **dict.fromkeys(("h5", "hdf5"), "hdf5"),
    "lance": "lance",
    "eval": "eval",
    **{extension: builder for builder, extensions in MEDIA_BUILDERS.items() for extension in extensions},
}
# A compressed file has the format of the file in it; an archive has that of its members, which are not read here.
_COMPRESSED: Final = ("gz", "bz2", "xz", "zst", "lz4")
_METADATA_FILES: Final = re.compile(r"metadata\.(?:csv|jsonl|parquet)")


def builder_of(path: str) -> str | None:
    """Return the builder of `datasets` that reads a file, by its extension; None for other files."""
    name = path.rpartition("/")[2].lower()
    if _METADATA_FILES.fullmatch(name):  # describes the images or sounds beside it
        return None
    extensions = name.split(".")[1:]
    while extensions and extensions[-1] in _COMPRESSED:
        extensions.pop()
    return _BUILDERS.get(extensions[-1]) if extensions else None
