"""`hublish --help`: the whole tool on one page."""

from hublish.cli.catalogue import SECTIONS, Entry
from hublish.cli.command import Example
from hublish.cli.parser import examples, paragraph
from hublish.cli.terminal.text import columns, indented

EXAMPLES = (
    Example("hublish init", "draft a hub.yaml for what lies here, every choice with its reason"),
    Example("hublish rehearse", "try everything first: no token, no network"),
    Example("hublish plan --out plan.json", "write down what would change, for somebody to review"),
    Example("hublish publish plan.json", "publish what was reviewed, or nothing"),
    Example("hublish pull acme/digits-mlp@v1.2.0", "get a release, every byte checked"),
)

HELP = (
    ("hublish COMMAND --help", "what a command does, its options, worked examples"),
    ("hublish --version", "the version"),
)

EXIT_CODES = (
    ("0", "done, also when there was nothing to do"),
    ("1", "refused or failed; what went wrong is on standard error"),
    ("2", "the command line is wrong"),
    ("130", "interrupted"),
)

ENVIRONMENT = (
    ("HF_TOKEN", "the access token; without it, the one stored by `hf auth login`"),
    ("HF_ENDPOINT", "the Hub to talk to, when neither --endpoint nor the manifest names one"),
    ("HF_HOME", "where tokens and the download cache lie; HF_HUB_CACHE for the cache alone"),
    ("HF_HUB_OFFLINE", "1: ask no server, use the cache"),
    ("HF_HUB_DISABLE_PROGRESS_BARS, CI", "set: no progress bars"),
    ("NO_COLOR", "set: no colour"),
    ("HF_DEBUG", "1: a traceback with every error"),
)


def overview() -> str:
    """Return the page."""
    parts = [
        "usage: hublish COMMAND [options]",
        paragraph(
            "Turn a checked-in hub.yaml into a release on the Hugging Face Hub: planned, audited, published in one "
            "commit, proven, and loaded back byte for byte."
        ),
        *_sections(),
        _table("Help", HELP),
        f"Examples:\n{examples(EXAMPLES)}",
        _table("Exit codes", EXIT_CODES),
        paragraph("With --detailed-exitcode, plan ends with 0 for no change, 1 for an error, 2 for changes.", "  "),
        _table("Environment", ENVIRONMENT),
    ]
    return "\n\n".join(parts) + "\n"


def group_overview(name: str, entries: tuple[Entry, ...]) -> str:
    """Return the commands that share a first word."""
    rows = [(f"hublish {entry.name}", entry.summary) for entry in entries]
    usage = f"usage: hublish {name} COMMAND [options]"
    return "\n\n".join([usage, "\n".join(indented(columns(rows)))]) + "\n"


def _sections() -> list[str]:
    # One width for all sections, so that the summaries stand in one column.
    lines = iter(columns([(entry.name, entry.summary) for section in SECTIONS for entry in section.entries]))
    return ["\n".join([f"{section.title}:", *(f"  {next(lines)}" for _ in section.entries)]) for section in SECTIONS]


def _table(title: str, rows: tuple[tuple[str, str], ...]) -> str:
    return "\n".join([f"{title}:", *indented(columns(rows))])
