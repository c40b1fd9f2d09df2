"""What a template may do, and what becomes of it: jinja2's sandbox, on plain data.

The sandbox keeps a template away from Python. It does not keep it from doing too much: `child.py` does.
"""

import traceback
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

import jinja2
from jinja2.exceptions import SecurityError
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup, escape

from hublish.pipeline.render_card.escaping import as_code, as_code_block, as_markdown, as_text

Answer = dict[str, Any]
"""`{"text": ...}`, or `{"kind": ..., "message": ..., "line": ...}` with a line of 0 where there is none."""
BOUNDS: Answer = {"kind": "bounds", "message": "", "line": 0}
"""The answer when a template does too much."""


def answer(environment: jinja2.Environment, request: dict[str, Any]) -> Answer:
    """Render what a request holds.

    Args:
        environment: as `new_environment` made it.
        request: `name` and `template` (text), `context` (plain data), and the most bytes of `output`.

    Raises:
        MemoryError: when there is not enough.
    """
    name = request["name"]
    try:
        code = environment.compile(request["template"], name, name)
        template = jinja2.Template.from_code(environment, code, environment.globals)
        return _rendered(template, request["context"], request["output"])
    except jinja2.TemplateSyntaxError as error:
        return {"kind": "syntax", "message": error.message or "syntax error", "line": error.lineno}
    except SecurityError as error:
        return {"kind": "unsafe", "message": "unsafe template construct", "line": _line(error, name)}
    except jinja2.UndefinedError as error:
        return {"kind": "undefined", "message": error.message or "undefined variable", "line": _line(error, name)}
    except MemoryError:
        raise
    # A template fails with whatever its operators and filters raise.
    except Exception as error:
        message = f"{type(error).__name__}: {error}"[:300]
        return {"kind": "failed", "message": message, "line": _line(error, name)}


def new_environment() -> jinja2.Environment:
    """Return the sandbox of all templates, in which every value is escaped for Markdown."""
    environment = ImmutableSandboxedEnvironment(
        undefined=jinja2.StrictUndefined,
        autoescape=True,
        finalize=_printed,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    for name, escaping in (("markdown", as_markdown), ("code", as_code), ("code_block", as_code_block)):
        environment.filters[name] = partial(_marked, escaping)
    # jinja2's own mark their result as safe once it is escaped for HTML, which leaves Markdown's links.
    for name in ("e", "escape", "forceescape"):
        environment.filters[name] = partial(_marked, as_text)
    environment.filters["join"] = _joined
    # It makes up texts of any length, and a card has no use for them.
    del environment.globals["lipsum"]
    return environment


def _printed(value: object) -> Markup:
    """Turn what `{{ ... }}` gives into what is printed."""
    if isinstance(value, Markup):
        return value
    if isinstance(value, int | float):
        return Markup(value)  # noqa: S704 - a number has no markup
    return _marked(as_text, "" if value is None else value)


def _marked(escaping: Callable[[str], str], value: object) -> Markup:
    return Markup(escaping(str(value)))  # noqa: S704 - escaped for Markdown, which covers HTML


def _joined(values: Iterable[object], separator: str = "", attribute: str | None = None) -> Markup:
    items = [value[attribute] for value in values] if attribute else list(values)  # type: ignore[index]  # plain data
    return escape(separator).join(_printed(item) for item in items)


def _rendered(template: jinja2.Template, context: dict[str, Any], limit: int) -> Answer:
    pieces, size = [], 0
    for piece in template.generate(context):
        size += len(piece.encode("utf-8"))
        if size > limit:
            return BOUNDS
        pieces.append(piece)
    return {"text": "".join(pieces)}


def _line(error: Exception, name: str) -> int:
    """Return the line of the template that was being rendered: jinja2 maps its frames back to it."""
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == name]
    return (lines[-1] or 0) if lines else 0
