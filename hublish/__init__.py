"""hublish: the release tool for the Hugging Face Hub.

    import hublish

    plan = hublish.plan("hub.yaml")                  # the changes, with the rule for each
    receipt = hublish.publish("hub.yaml", plan=plan)  # one commit, verified, tagged, locked
    loaded = hublish.load("acme/digits-mlp")         # every byte checked, arrays read when touched

Names are imported when they are first used, so that `import hublish` costs next to nothing.
"""

from hublish._version import __version__ as __version__


# The stub is parsed instead of a second list here: a name that type checkers know always exists, and no other does.
def _public_names() -> dict[str, str]:
    """Return the module of each public name, from the stub that type checkers read."""
    with open(f"{__path__[0]}/__init__.pyi", encoding="utf-8") as stub:
        imports = (line.split() for line in stub if line.startswith("from "))
        return {words[-1]: words[1] for words in imports}


_MODULES = _public_names()
__all__ = sorted(_MODULES)  # noqa: PLE0605 - one table, in __init__.pyi


def __getattr__(name: str) -> object:
    if name not in _MODULES:
        raise AttributeError(f"module 'hublish' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_MODULES[name]), name)


def __dir__() -> list[str]:
    return __all__
