"""The builder of the library `datasets` that reads a file, by its extension.

A repo has one builder for all its configurations: files of other formats are not read.
"""

import re
from typing import Final

NOT_IN_CONFIG_NAMES: Final = re.compile(r"[<>:/\\|?*]")
"""The characters that `datasets` rejects in the name of a config, as Windows does in that of a folder."""

# Extensions of pictures, sounds and other files that a table of metadata may describe, for each builder.
_MEDIA: Final = {
    "imagefolder": """
        blp bmp dib bufr cur pcx dcx dds ps eps fit fits fli flc ftc ftu gbr gif grib png apng jp2 j2k jpc jpf jpx j2c
        icns ico im iim tif tiff jfif jpe jpg jpeg msp pcd pxr pbm pgm ppm pnm psd bw rgb rgba sgi ras tga icb vda vst
        webp wmf emf xbm xpm""",
    "audiofolder": """
        mpg aiff au avr caf flac htk svx mat4 mat5 mpc2k ogg paf pvf raw rf64 sd2 sds ircam voc w64 wav nist wavex wve
        xi mp3 opus 3gp 3g2 asf flv m4v webm f4v wmv wma ogm mxf nut""",
    "videofolder": "mpeg avi mp4 mov mkv",
    "meshfolder": "glb gltf ply stl",
    "pdffolder": "pdf",
    "niftifolder": "nii",
}
MEDIA_BUILDERS: Final = frozenset(_MEDIA)
_TABLES: Final = {
    # One builder with different separators, so that a repo can use only one of them.
    "csv": "csv",
    "tsv": "tsv",
    "json": "json jsonl ndjson",
    "parquet": "parquet geoparquet gpq",
    "text": "txt",
    "conll": "conll",
    "conllu": "conllu",
    "arrow": "arrow",
    "webdataset": "tar",
    "xml": "xml",
    "hdf5": "h5 hdf5",
    "lance": "lance",
    "eval": "eval",
    "tsfile": "tsfile",
    "vortex": "vortex",
    "fasta": "fa fasta fna ffn faa frn afa",
    "genbank": "gb gbk genbank",
    "fastq": "fq fastq",
    "pdb": "pdb ent PDB ENT",
    "mmcif": "cif mmcif",
}
# datasets.packaged_modules 5.2.0, without `.md` and `.toml`: such files usually describe the data. Case matters: of a
# `.CSV`, `datasets` finds no file, while media may be in upper case.
_BUILDERS: Final = {
    **{extension: builder for builder, names in _TABLES.items() for extension in names.split()},
    **{extension: builder for builder, names in _MEDIA.items() for extension in f"{names} {names.upper()}".split()},
}
# A compressed file has the format of the file in it; an archive has that of its members, which are not read here.
_COMPRESSED: Final = ("gz", "bz2", "xz", "zst", "lz4")
_METADATA_FILES: Final = re.compile(r"metadata\.(?:csv|jsonl|parquet)")


def builder_of(path: str) -> str | None:
    """Return the builder of `datasets` that reads a file, by its extension; None for other files."""
    name = path.rpartition("/")[2]
    if _METADATA_FILES.fullmatch(name):  # describes the images or sounds beside it
        return None
    extensions = name.split(".")[1:]
    while extensions and extensions[-1] in _COMPRESSED:
        extensions.pop()
    return _BUILDERS.get(extensions[-1]) if extensions else None


def is_upper_case(path: str) -> bool:
    """Return whether `datasets` would read a file if its extension were in lower case."""
    return builder_of(path) is None and builder_of(path.lower()) is not None
