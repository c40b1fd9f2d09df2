"""The generated parts of pages, and the pages that are generated as a whole."""

from collections.abc import Callable, Mapping
from functools import cache
from types import MappingProxyType
from typing import Final

from docs.generate.action_parts import action_inputs_and_outputs
from docs.generate.card_page import card_page
from docs.generate.command_pages import command_list, command_pages
from docs.generate.document_pages import document_pages
from docs.generate.error_pages import error_list, error_pages
from docs.generate.format_parts import formats
from docs.generate.manifest_fields import manifest_fields
from docs.generate.output_parts import environment_variables, exit_codes, output_formats
from docs.generate.page import Page
from docs.generate.python_api import python_api

PARTS: Final[Mapping[str, Callable[[], str]]] = MappingProxyType(
    {
        "action": action_inputs_and_outputs,
        "commands": command_list,
        "environment variables": environment_variables,
        "errors": error_list,
        "exit codes": exit_codes,
        "formats": formats,
        "manifest fields": manifest_fields,
        "output formats": output_formats,
        "python api": python_api,
    }
)
"""The parts by the names that pages give them."""


@cache
def whole_pages() -> tuple[Page, ...]:
    """Return every generated page, in the order of the menu."""
    return (card_page(), *command_pages(), *error_pages(), *document_pages())
