"""What must be known before the command line is understood, because its own errors need it."""

from collections.abc import Sequence

from hublish.cli.report.terminal import Format


def format_asked(words: Sequence[str]) -> Format:
    """Return the output format the words ask for; the last one counts, as it does in argparse."""
    asked = Format.HUMAN
    for option, value in _options(words):
        if option == "--json":
            asked = Format.JSON
        elif option in ("-q", "--quiet"):
            asked = Format.QUIET
        elif option == "--format" and value in set(Format):
            asked = Format(value)
    return asked


def token_given(words: Sequence[str]) -> str | None:
    """Return the value of `--token`."""
    return next((value for option, value in _options(words) if option == "--token"), None)


def _options(words: Sequence[str]) -> list[tuple[str, str]]:
    pairs = []
    for index, word in enumerate(words):
        option, equals, value = word.partition("=")
        pairs.append((option, value if equals else "".join(words[index + 1 : index + 2])))
    return pairs
