"""Write numbers, names and Markdown lines the way that a person writes them in a card; templates use these as filters.

Each function returns plain text, which the template engine escapes, unless its docstring says Markdown.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import quote

from hublish.schemas.documents.hub_names import PUBLIC_HUB
from hublish.schemas.documents.sizes import format_size

_STEPS: Final = ((10**12, "T"), (10**9, "B"), (10**6, "M"), (10**3, "K"))
# Above, digits of a count are noise; below, they are shorter than the rounded form.
_EXACT: Final = 10_000
# From here on, a float does not hold every whole number.
_INEXACT: Final = 2**53
_REPO_ID: Final = re.compile(r"(?!.*\.\.)\w[\w.-]*(?:/\w[\w.-]*)?", re.ASCII)
_URL: Final = re.compile(r"https?://[^\s<>()\[\]\"'`]+")
# Also indented, as in a list.
_FENCE: Final = re.compile(r"[ \t]*(`{3,}|~{3,})")
_SCHEME: Final = re.compile(r"[^/?#]*:|//")
_IN_TARGET: Final = "/:?#@!$&*+,;=%~"
# Languages with several names, of which the first in the alphabet is not the usual one; and the most frequent one,
# whose name needs no table.
_LANGUAGES: Final = {
    "en": "English",
    "es": "Spanish",
    "nl": "Dutch",
    "el": "Greek",
    "ro": "Romanian",
    "pa": "Punjabi",
    "nb": "Norwegian Bokmål",
    "km": "Khmer",
    "gd": "Scottish Gaelic",
    "ht": "Haitian Creole",
    "ug": "Uyghur",
}
_ABBREVIATIONS: Final = {
    word.lower(): word
    for word in (
        *("ANLS", "AUC", "BERTScore", "BLEU", "BLEURT", "CER", "chrF", "CLIP", "COMET", "F1", "FID", "FVD", "GLUE"),
        *("IoU", "LPIPS", "MAE", "MAPE", "MASE", "METEOR", "MSE", "NIST", "PSNR", "ROC", "ROUGE", "SacreBLEU", "SARI"),
        *("SMAPE", "SQuAD", "SSIM", "TER", "WER"),
    )
}
_FORMATS: Final = {
    **{name.lower(): name for name in ("Arrow", "CSV", "HDF5", "JSON", "Lance", "Parquet", "TSV", "WebDataset", "XML")},
    "text": "plain text",
}
_COMMIT: Final = re.compile(r"[0-9a-f]{40}")
_UNITS: Final = ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"))


def size(value: Any) -> str:
    """Return bytes with a unit: `90.9 MB`."""
    return format_size(value) if _is_number(value) else str(value)


def short(value: Any) -> str:
    """Return a large number in short: `22.7M`; below 10,000 in full: `4,163`."""
    if not _is_number(value):
        return str(value)
    if abs(value) < _EXACT:
        return digits(value)
    # Half of the last digit less: 999,960 is 1M, and not 1000.0K.
    step, letter = next(each for each in _STEPS if abs(value) >= each[0] * 0.99995)
    return f"{value / step:.1f}".removesuffix(".0") + letter


def digits(value: Any) -> str:
    """Return a whole number with commas: `60,000`; another number as `score` does."""
    if not _is_number(value):
        return str(value)
    return f"{int(value):,}" if float(value).is_integer() and abs(value) < _INEXACT else score(value)


def score(value: Any) -> str:
    """Return a measured number with four significant digits: `0.9722`, `93.12`, `1e-05`; whole numbers in full."""
    if not isinstance(value, float) or not _is_number(value):
        return f"{value:,}" if _is_number(value) else str(value)
    if abs(value) < _INEXACT and (value.is_integer() or abs(value) >= _EXACT):
        return f"{value:.1f}" if abs(value) < _EXACT else f"{value:,.0f}"
    return f"{value:.4g}"


def duration(value: Any) -> str:
    """Return seconds in its two largest units: `3 h 12 min`."""
    if not _is_number(value) or not 0 <= value < 10**12:
        return str(value)
    if value < 10:
        return f"{value:.3g} s"
    left, parts = round(value), []
    for unit, name in _UNITS:
        amount, left = divmod(left, unit)
        if amount:
            parts.append(f"{amount} {name}")
    return " ".join(parts[:2])


def release_name(since: Any) -> str:
    """Return the name of a release for a sentence: its tag, or `commit 1b2c3d4` for the id of a commit."""
    name = str(since)
    return f"commit {name[:7]}" if _COMMIT.fullmatch(name) else name


def format_name(builder: Any) -> str:
    """Return the name of a format of data: `Parquet` for `parquet`, `images` for `imagefolder`."""
    name = str(builder)
    if name.endswith("folder"):
        return {"imagefolder": "images", "audiofolder": "sounds", "videofolder": "videos"}.get(name, name)
    return _FORMATS.get(name, name)


def quantity(value: Any, noun: str, plural: str = "") -> str:
    """Return a number with its noun in the right form: `1 file`, `12 files`."""
    return f"{digits(value)} {noun if value == 1 else plural or noun + 's'}"


def hub_link(repo_id: Any, kind: str = "") -> str:
    """Return Markdown: a link to a repo on the Hub; nothing if the text is not the id of a repo.

    Args:
        repo_id: `acme/digits`.
        kind: empty for a model; `datasets` or `spaces`.
    """
    text = str(repo_id)
    if not _REPO_ID.fullmatch(text) or kind not in ("", "datasets", "spaces"):
        return ""
    # Underscores could emphasize; no other character of a repo's id has a meaning in Markdown.
    label = text.replace("_", "\\_")
    return f"[{label}]({PUBLIC_HUB}/{kind}{'/' if kind else ''}{quote(text)})"


def link(text: Any, target: Any, escaped: Callable[[str], str]) -> str:
    """Return Markdown: a link with a text, or the text alone if the target is not a web address or a relative path.

    Args:
        text: any text.
        target: a URL of http or https, or a path in the repo.
        escaped: escapes the text for Markdown.
    """
    label, address = escaped(str(text)), str(target).strip()
    if _SCHEME.match(address) and not _URL.fullmatch(address):
        return label
    return f"[{label}]({quote(address, safe=_IN_TARGET)})" if address else label


def language(code: Any) -> str:
    """Return the English name of a language: `German` for `de`; the code itself if its name is unknown."""
    from hublish.schemas.vocabulary import table

    wanted = str(code).lower()
    if wanted in _LANGUAGES:
        return _LANGUAGES[wanted]
    names: Mapping[str, str] = table("language_names")["entries"]
    return next((name.title() for name, known in names.items() if known == wanted), str(code))


def license(identifier: Any) -> str:  # noqa: A001 - the name of the filter
    """Return the name of a license: `Apache license 2.0` for `apache-2.0`; the identifier itself if it is unknown."""
    from hublish.schemas.vocabulary import table

    known: Mapping[str, Any] = table("licenses")["entries"]
    return str(known.get(str(identifier), {}).get("name", identifier))


def task(identifier: Any) -> str:
    """Return the name of a task: `Image classification` for `image-classification`; an unknown one is unchanged."""
    from hublish.schemas.vocabulary import table

    first, *others = str(table("tasks")["entries"].get(str(identifier), {}).get("name", identifier)).split(" ")
    return " ".join([first, *(word.lower() if word.isalpha() and word.istitle() else word for word in others)])


def metric(identifier: Any) -> str:
    """Return the name of a metric: `Mean IoU` for `mean_iou`; one that the Hub does not know is unchanged."""
    from hublish.schemas.vocabulary import table

    name = str(identifier)
    if name not in table("metrics")["ids"]:
        return name
    first, *others = (_ABBREVIATIONS.get(word, word) for word in name.replace("-", "_").split("_"))
    return " ".join([first if first in _ABBREVIATIONS.values() else first.capitalize(), *others])


def url_link(value: Any) -> str:
    """Return Markdown: a bare address as a link, any other text unchanged."""
    text = str(value).strip()
    return f"<{text}>" if _URL.fullmatch(text) else text


def tidy(text: str) -> str:
    """Return Markdown without trailing spaces, and with one blank line between blocks; fenced code is unchanged."""
    lines: list[str] = []
    fence = ""
    for line in text.split("\n"):
        marks = _FENCE.match(line)
        if fence:
            closing = marks is not None and marks[1].startswith(fence) and not line.strip(" \t`~")
            fence = "" if closing else fence
            lines.append(line)
            continue
        if marks:
            fence = marks[1]
        # Two spaces at the end of a line break it.
        kept = line if line.strip() else ""
        if kept or (lines and lines[-1]):
            lines.append(kept)
    return "\n".join(lines).strip("\n") + "\n"


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value == value
