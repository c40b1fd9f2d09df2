"""The one error of the xet formats."""


class MalformedError(ValueError):
    """Bytes that came in are not what the format, or their own hash, says they are."""
