"""The names of the standard library are known without importing its modules."""

import subprocess
import sys

import pytest

from hublish.audit.standard_library import may_import


@pytest.mark.parametrize(
    ("module", "name", "expected"),
    [
        ("os", "system", True),
        ("os", "sin", False),
        ("os", "path.join", True),
        ("os.path", "nothing", True),  # only an import reveals what a submodule has
        ("posix", "system", True),
        ("nt", "system", True),
        ("nt", "12", False),
        ("sys", "path", True),
        ("sys", "nothing", False),
        ("string", "digits", True),
        ("string", "cstdlib", False),
        ("json", "loads", True),
        ("json", "orjson", False),
        ("subprocess", "Popen", True),
        ("subprocess", "STARTUPINFO", True),  # defined under an `if`
        ("socket", "CAPI", True),  # `from _socket import *`
        ("socket", "orjson", False),
        ("ast", "Name", True),
        ("ast", "John Smith", False),
        ("math", "floor", True),
        ("math", "cstdio", False),
        ("__main__", "anything", True),
        ("__builtin__", "eval", True),
        ("exceptions", "anything", True),
        ("at", "dog", False),
        ("numpy", "load", True),
        ("unheard_of", "load", False),
        ("", "", False),
    ],
)
def test_a_name_is_found_where_it_is_defined(module: str, name: str, expected: bool) -> None:
    assert may_import(module, name) is expected


def test_no_module_is_imported_to_find_its_names() -> None:
    code = "import sys; from hublish.audit.standard_library import may_import; "
    code += "assert may_import('this', 'd') and may_import('antigravity', 'webbrowser'); "
    code += "assert not {'this', 'antigravity', 'webbrowser'} & sys.modules.keys()"
    subprocess.run([sys.executable, "-c", code], check=True)
