"""Detect chat templates that leave Jinja's sandbox.

Loaders render `chat_template` of a tokenizer or a GGUF file. Some did so without Jinja's sandbox (CVE-2024-34359), so
that a template which reaches the class of an object runs any code. Templates of models never need these names.
"""

import re
from typing import Any, Final

_MAX_LENGTH: Final = 1 << 20
# Where Jinja cannot parse a template, another implementation may: these have their own tags.
_SUSPICIOUS: Final = re.compile(r"__|\\x5f|\\u005f|\\137|\battr\b", re.IGNORECASE)
_REASON: Final = "that reaches into Python's objects"
# Filters and methods that put a string together or take one apart.
_BUILDERS: Final = frozenset(
    (
        *("join", "format", "format_map", "replace", "string", "lower", "upper", "title", "capitalize", "swapcase"),
        *("reverse", "center", "ljust", "rjust", "zfill", "translate", "decode", "encode", "removeprefix"),
        *("removesuffix", "urlencode"),
    )
)
# Filters that take the name of an attribute as their first argument.
_BY_ATTRIBUTE: Final = frozenset(["groupby", "selectattr", "rejectattr"])


def template_program(text: str) -> str | None:
    """Return a description of a chat template that leaves the sandbox, as the end of a sentence; None for others."""
    if "{" not in text:
        return None
    if len(text) > _MAX_LENGTH:
        return f"of more than {_MAX_LENGTH} characters, which cannot be inspected"
    # Imported here: hardly any file has a template.
    from jinja2 import Environment, TemplateError

    environment = Environment(extensions=["jinja2.ext.loopcontrols", "jinja2.ext.do"])  # noqa: S701 - parsed only
    try:
        tree = environment.parse(text)
        return _REASON if _escapes(tree) else None
    except (TemplateError, RecursionError):
        return _REASON if _SUSPICIOUS.search(text) else None


def _escapes(tree: Any) -> bool:
    from jinja2 import nodes

    built = _built_names(tree)
    for node in tree.find_all(nodes.Node):
        if any("__" in value for value in _strings(node)):
            return True
        # An item of an object is also its attribute, so a computed key is a computed name.
        if isinstance(node, nodes.Getitem) and _is_built(node.arg, built):
            return True
        if isinstance(node, nodes.Filter) and _filters_attributes(node, built):
            return True
    return False


def _filters_attributes(node: Any, built: frozenset[str]) -> bool:
    """Whether a filter reaches an attribute whose name is computed."""
    named = [pair.value for pair in node.kwargs if pair.key == "attribute"]
    if node.name in _BY_ATTRIBUTE:
        named += node.args[:1]
    applied = node.name == "map" and any(getattr(one, "value", None) == "attr" for one in node.args[:1])
    return node.name == "attr" or applied or any(_is_built(value, built) for value in named)


def _strings(node: Any) -> list[str]:
    from jinja2 import nodes

    # Every other class with text is a name of the template's own.
    if isinstance(node, nodes.Const):
        return [node.value] if isinstance(node.value, str) else []
    return [getattr(node, name) for name in ("name", "attr", "key") if isinstance(getattr(node, name, None), str)]


def _built_names(tree: Any) -> frozenset[str]:
    """Return the variables, and attributes of namespaces, whose value is a string that the template puts together."""
    from jinja2 import nodes

    macros = {macro.name: macro for macro in tree.find_all(nodes.Macro)}
    # The result of a macro is a string, put together from its text.
    built = frozenset(macros)
    while True:
        found = set(built)
        for node in tree.find_all((nodes.Assign, nodes.AssignBlock, nodes.For, nodes.Call)):
            if isinstance(node, nodes.Call):
                found |= _parameters(node, macros, built)
            else:
                found |= _assigned(node, built)
        if found == built:
            return built
        built = frozenset(found)


def _assigned(node: Any, built: frozenset[str]) -> set[str]:
    from jinja2 import nodes

    value = node.iter if isinstance(node, nodes.For) else getattr(node, "node", None)
    if isinstance(node, nodes.Assign) and isinstance(value, nodes.Call) and hasattr(node.target, "name"):
        # A namespace holds strings and indices side by side.
        return {f"{node.target.name}.{pair.key}" for pair in value.kwargs if _is_built(pair.value, built)} | (
            {node.target.name} if _is_built(value, built) else set()
        )
    if not isinstance(node, nodes.AssignBlock) and not _is_built(value, built):
        return set()
    if isinstance(node.target, nodes.NSRef):
        return {f"{node.target.name}.{node.target.attr}"}
    return {one.name for one in (node.target, *node.target.find_all(nodes.Name)) if hasattr(one, "name")}


def _parameters(call: Any, macros: dict[str, Any], built: frozenset[str]) -> set[str]:
    """Return the parameters of a macro to which a call passes such a string."""
    macro = macros.get(getattr(call.node, "name", ""))
    if macro is None:
        return set()
    found = {name.name for name, value in zip(macro.args, call.args, strict=False) if _is_built(value, built)}
    return found | {pair.key for pair in call.kwargs if _is_built(pair.value, built)}


def _is_built(value: Any, built: frozenset[str]) -> bool:
    """Whether an expression may put a string together."""
    from jinja2 import nodes

    if isinstance(value, nodes.Name):
        return value.name in built
    if isinstance(value, nodes.Add):
        # The usual sum is an index and a number.
        sides = (value.left, value.right)
        return not any(isinstance(one, nodes.Const) and isinstance(one.value, int) for one in sides)
    if isinstance(value, nodes.Getattr | nodes.Getitem):
        return _is_built(value.node, built) or _attribute(value) in built
    if isinstance(value, nodes.Call):
        return getattr(value.node, "attr", None) in _BUILDERS or _is_any_built(value, built)
    if isinstance(value, nodes.Filter):
        return value.name in _BUILDERS or _is_any_built(value, built)
    if isinstance(value, nodes.List | nodes.Tuple | nodes.Dict | nodes.Pair | nodes.CondExpr | nodes.And | nodes.Or):
        return _is_any_built(value, built)
    return isinstance(value, nodes.Concat | nodes.Mul | nodes.Mod)


def _is_any_built(value: Any, built: frozenset[str]) -> bool:
    return any(_is_built(child, built) for child in value.iter_child_nodes())


def _attribute(value: Any) -> str:
    """Return the variable and its attribute that an expression names."""
    name = getattr(value, "attr", None) or getattr(getattr(value, "arg", None), "value", "")
    return f"{getattr(value.node, 'name', '')}.{name}"
