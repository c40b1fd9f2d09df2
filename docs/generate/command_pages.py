"""A page for each command, from its parser: description, arguments, worked examples."""

import argparse
from collections.abc import Iterator
from functools import partial

from docs.generate.page import Page, code, fenced, heading, page, sentence, table
from hublish.cli.commands import ENTRIES, SECTIONS, Entry, Example, Section
from hublish.cli.parser import parser_for

FOLDER = "reference/commands"


def command_list() -> str:
    """Return a table for each section of the list of commands."""
    return page(*(page(heading(2, section.title), _table(section)) for section in SECTIONS))


def command_pages() -> Iterator[Page]:
    """Yield a page for each command."""
    for entry in ENTRIES:
        yield Page(f"{FOLDER}/{_file(entry)}", _command(entry))


def _table(section: Section) -> str:
    rows = [(f"[{code(f'hublish {each.name}')}]({_file(each)})", sentence(each.summary)) for each in section.entries]
    return table(("Command", "Does"), rows)


def _file(entry: Entry) -> str:
    return f"{entry.name.replace(' ', '-')}.md"


def _command(entry: Entry) -> str:
    command = entry.load()
    parser = parser_for(entry, command)
    # Not as wide as the terminal of whoever builds the site.
    parser.formatter_class = partial(argparse.HelpFormatter, width=88)
    return page(
        f"# hublish {entry.name}",
        sentence(entry.summary),
        " ".join(command.description.split()),
        fenced("text", parser.format_usage()),
        heading(2, "Examples"),
        *(page(f"{example.purpose}:", fenced("console", f"$ {example.line}")) for example in _ended(command.examples)),
        *_arguments(parser),
    )


def _ended(examples: tuple[Example, ...]) -> Iterator[Example]:
    for example in examples:
        purpose = example.purpose.rstrip("?:")
        yield example._replace(purpose=f"{purpose[0].upper()}{purpose[1:]}")


def _arguments(parser: argparse.ArgumentParser) -> Iterator[str]:
    # argparse has no public list of its arguments.
    for group in parser._action_groups:  # noqa: SLF001
        actions = [action for action in group._group_actions if action.dest != "help"]  # noqa: SLF001
        if actions:
            title = (group.title or "").replace("positional arguments", "arguments")
            rows = [(_names(action), action.help or "") for action in actions]
            yield page(heading(2, f"{title[0].upper()}{title[1:]}"), table(("Argument", "Meaning"), rows))


def _names(action: argparse.Action) -> str:
    value = action.metavar or ("|".join(action.choices) if action.choices else "")
    if not action.option_strings:
        return code(str(value or action.dest))
    return ", ".join(code(f"{option} {value}".strip()) for option in action.option_strings)
