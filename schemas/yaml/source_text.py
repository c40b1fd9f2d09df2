"""From bytes to text, refusing what is not text: the first step of reading any document."""

from hublish.schemas.diagnose.positions import SourceText
from hublish.schemas.diagnose.problems import InvalidDocumentError, Location, Problem
from hublish.schemas.secrets.unsafe_characters import text_problem

_UTF8_BOM = b"\xef\xbb\xbf"
_UTF16_BOMS = (b"\xff\xfe", b"\xfe\xff")


def read_text(data: bytes, source: str, max_bytes: int) -> SourceText:
    """Decode a document.

    A UTF-8 byte order mark is tolerated: some Windows editors write one, and it changes nothing.

    Args:
        data: the document as it lies on disk.
        source: how diagnostics call it.
        max_bytes: the largest document that is looked at.

    Raises:
        InvalidDocumentError: for a document that is too large, not UTF-8, or holds characters no document may hold.
    """
    if len(data) > max_bytes:
        hint = "a manifest names folders and globs, not every file"
        raise _refusal("yaml.too_large", f"larger than {max_bytes // 1024} KiB; not parsed", _start(source), hint)
    text = SourceText(_decode(data.removeprefix(_UTF8_BOM), source), source)
    if found := text_problem(text.text):
        offset, message = found
        place = text.location(offset, offset + 1)
        raise _refusal("yaml.character", message, place, "delete it; it cannot be seen")
    return text


def _decode(data: bytes, source: str) -> str:
    # UTF-16 without a mark shows by the zero byte of its first character.
    if data.startswith(_UTF16_BOMS) or b"\0" in data[:2]:
        raise _refusal("yaml.encoding", "must be UTF-8; this is UTF-16", _start(source), "save the file as UTF-8")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        offset = len(data[: error.start].decode("utf-8"))
        place = SourceText(data.decode("utf-8", "replace"), source).location(offset, offset + 1)
        message = f"not UTF-8 at byte {error.start}"
        raise _refusal("yaml.encoding", message, place, "save the file as UTF-8") from None


def _start(source: str) -> Location:
    return Location(source, 1, 1)


def _refusal(code: str, message: str, location: Location, hint: str = "") -> InvalidDocumentError:
    return InvalidDocumentError((Problem(code, message, hint=hint, location=location),))
