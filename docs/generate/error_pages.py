"""A page for each code, and the list of all of them."""

from collections.abc import Iterator

from docs.generate.page import Page, code, fenced, page, sentence, table
from hublish.codes.entry import Code
from hublish.codes.explained import EXPLAINED, FAMILIES

FOLDER = "errors"
_EXAMPLE = "For this hub.yaml, `hublish check` reports it:"


def error_list() -> str:
    """Return a table of codes for each family."""
    families = dict.fromkeys(each.partition(".")[0] for each in EXPLAINED)
    return page(*(page(f"## {code(family)}", FAMILIES.get(family, ""), _table(family)) for family in families))


def error_pages() -> Iterator[Page]:
    """Yield a page for each code, at the address that `Code.url` gives."""
    for each in EXPLAINED.values():
        yield Page(f"{FOLDER}/{each.code}/index.md", _page(each))


def _table(family: str) -> str:
    rows = [(each, entry.title) for each, entry in EXPLAINED.items() if each.partition(".")[0] == family]
    return table(("Code", "Meaning"), [(f"[{code(each)}]({each}/index.md)", title) for each, title in rows])


def _page(entry: Code) -> str:
    sections = {"Cause": entry.cause, "Danger": entry.danger, "Fix": entry.fix}
    level = "a warning" if entry.level == "warning" else "an error"
    return page(
        f"# {entry.code}",
        sentence(entry.title),
        *(page(f"## {title}", text) for title, text in sections.items() if text),
        page("## Example", _EXAMPLE, fenced("yaml", entry.example)) if entry.example else "",
        f"By default it is {level}. {entry.waiver}",
        f"In Python: {code(f'hublish.base.errors.{entry.error}')}." if entry.error else "",
    )
