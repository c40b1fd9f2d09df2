"""Render a template in Jinja2's sandbox, where every value is escaped for Markdown.

The sandbox keeps a template away from Python, but it does not bound time or memory. A user's template is therefore
rendered by `main` in a child process with limits, which has no token and cannot write files.
"""

import gc
import json
import os
import resource
import sys
import traceback
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import cache, partial
from types import CodeType
from typing import TYPE_CHECKING, Any

import jinja2
from jinja2.bccache import Bucket
from jinja2.exceptions import SecurityError
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup, escape

from hublish.cards import wording
from hublish.pipeline.render_card.built_in_templates import built_in_text, shared_by
from hublish.pipeline.render_card.escaping import as_code, as_code_block, as_markdown, as_text

if TYPE_CHECKING:
    from hublish.pipeline.render_card.tracked_values import Names

# `{"text": ...}`, or `{"kind": ..., "message": ..., "line": ...}`, where a line of 0 means that it is unknown.
Response = dict[str, Any]

_SIZED = (str, list, tuple, dict)

_EXCEEDED: Response = {"kind": "bounds", "message": "", "line": 0}


def main() -> None:
    """Read a request from standard input, render it, and write the response to standard output, both as JSON.

    A request has the `name` and the text of a `template`, its `context` (plain data), and three limits: `seconds` of
    processor time, `memory` and `output` in bytes.
    """
    # Everything that does not depend on the request is prepared before it arrives.
    environment = new_environment()
    for name in sys.argv[2:]:
        _prepare(environment, name)
    gc.enable()  # disabled by the parent's boot code: importing leaves nothing to collect
    request = json.load(sys.stdin)
    # A file size of 0 prevents writing to any file; the pipes are not affected.
    resource.setrlimit(resource.RLIMIT_CPU, (request["seconds"], request["seconds"]))
    resource.setrlimit(resource.RLIMIT_AS, (request["memory"], request["memory"]))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    try:
        response = respond(environment, request)
    except MemoryError:
        response = _EXCEEDED
    sys.stdout.write(json.dumps(response))
    sys.stdout.flush()
    os._exit(0)  # the parent waits for the end of the process, and there is nothing to clean up


def respond(environment: jinja2.Environment, request: dict[str, Any]) -> Response:
    """Render a request.

    Args:
        environment: the result of `new_environment`.
        request: the `name` and the text of a `template`, its `context`, the largest `output` in bytes, as `shared` the
            templates that it may extend or include, whether expressions print `markdown`, and as `tracked` the names in
            the context whose printed places the response has as `printed`.

    Raises:
        MemoryError: when the memory limit is exceeded.
    """
    name, context = request["name"], _with_markup(request["context"])
    if request.get("markdown"):
        environment.finalize = _printed_as_markdown
    try:
        response = _rendered(_compiled(environment, request), context, request["output"])
        if "tracked" in request and "text" in response:
            return _with_printed(response, request, context, environment.bytecode_cache)
        return response
    except jinja2.TemplateSyntaxError as error:
        return {"kind": "syntax", "message": error.message or "syntax error", "line": error.lineno}
    except jinja2.TemplateNotFound as error:
        message = f"there is no template '{error.name}' to extend or include"
        return {"kind": "missing", "message": message, "line": _line(error, name)}
    except SecurityError as error:
        return {"kind": "unsafe", "message": "unsafe template construct", "line": _line(error, name)}
    except jinja2.UndefinedError as error:
        return {"kind": "undefined", "message": error.message or "undefined variable", "line": _line(error, name)}
    except MemoryError:
        raise
    # Operators and filters in a template may raise any exception.
    except Exception as error:
        from hublish.schemas.diagnose.problems import shortened

        message = shortened(f"{type(error).__name__}: {error}", 300)
        return {"kind": "failed", "message": message, "line": _line(error, name)}


class Codes(jinja2.BytecodeCache):
    """The code of templates that were compiled, by their code generator, names and texts."""

    def __init__(self) -> None:
        self._codes: dict[tuple[object, str, str], CodeType | None] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        """Set the code of a template that was compiled before."""
        bucket.code = self._codes.get(self._key(bucket))

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep the code of a template."""
        self._codes[self._key(bucket)] = bucket.code

    @staticmethod
    def _key(bucket: Bucket) -> tuple[object, str, str]:
        return bucket.environment.code_generator_class, bucket.key, bucket.checksum


@cache
def codes_of_process() -> Codes:
    """Return the code of the built-in templates, which a process that renders many cards compiles once."""
    return Codes()


def _prepare(environment: jinja2.Environment, name: str) -> None:
    """Compile a built-in template, and those that it shares, which takes longer than rendering them."""
    text = built_in_text(name)
    shared = shared_by(text)
    environment.loader = jinja2.DictLoader(shared)
    for each in shared:
        environment.get_template(each)
    _code(environment, text, name)


def _code(environment: jinja2.Environment, text: str, name: str) -> CodeType:
    codes = environment.bytecode_cache
    assert codes is not None
    bucket = codes.get_bucket(environment, name, name, text)
    if bucket.code is None:
        bucket.code = environment.compile(text, name, name)
        codes.set_bucket(bucket)
    return bucket.code


def _with_markup(context: dict[str, Any]) -> dict[str, Any]:
    """Return the context with the elements of pictures as HTML that is printed as it is: hublish wrote them itself."""
    pictures = {
        name: {**picture, "markup": Markup(picture["markup"])}  # noqa: S704
        for name, picture in context.get("pictures", {}).items()
    }
    return {**context, "pictures": pictures} if pictures else context


def new_environment(
    codes: jinja2.BytecodeCache | None = None, kind: type[jinja2.Environment] = ImmutableSandboxedEnvironment
) -> jinja2.Environment:
    """Return the sandbox for templates, with filters that escape for Markdown; `codes` keeps what it compiles."""
    # Immutable: a template must not change the data that the next expression prints.
    environment = kind(
        undefined=jinja2.StrictUndefined,
        autoescape=True,
        finalize=_printed,
        trim_blocks=True,
        lstrip_blocks=True,
        bytecode_cache=codes or Codes(),
    )
    for name, escaping in (("markdown", as_markdown), ("code", as_code), ("code_block", as_code_block)):
        environment.filters[name] = partial(_marked, escaping)
    # Jinja2's own filters escape for HTML and mark the result as safe, but Markdown links would still work in it.
    for name in ("e", "escape", "forceescape"):
        environment.filters[name] = partial(_marked, as_text)
    environment.filters["join"] = _joined
    environment.filters["prose"] = _prose
    environment.filters["tidy"] = lambda text: Markup(wording.tidy(text))  # noqa: S704 - blank lines contain no markup
    # Their results are escaped when they are printed.
    for plain in (
        *(wording.size, wording.short, wording.digits, wording.score, wording.duration, wording.quantity),
        *(wording.language, wording.license, wording.task, wording.metric, wording.release_name, wording.format_name),
    ):
        environment.filters[plain.__name__] = plain
    environment.filters["hub_link"] = _hub_link
    environment.filters["link"] = lambda text, target: Markup(wording.link(text, target, as_text))  # noqa: S704 - escaped
    environment.filters["as_list"] = _as_list
    environment.tests["known"] = _is_known
    # Generates text of any length, which a card does not need.
    del environment.globals["lipsum"]
    return environment


def _printed(value: object) -> Markup:
    """Return the output for the value of a `{{ ... }}` expression."""
    if isinstance(value, Markup):
        return value
    if isinstance(value, int | float):
        return Markup(value)  # noqa: S704 - a number contains no markup
    return _marked(as_text, "" if value is None else value)


def _printed_as_markdown(value: object) -> Markup:
    if isinstance(value, dict):  # `{{ repo }}`, which huggingface_hub expects to be an address
        return _hub_link(value.get("repo_id", ""))
    return _prose(value) if isinstance(value, str | list) and not isinstance(value, Markup) else _printed(value)


def _marked(escaping: Callable[[str], str], value: object) -> Markup:
    return Markup(escaping(str(value)))  # noqa: S704 - escaped for Markdown, which includes HTML


def _prose(value: object) -> Markup:
    """Return Markdown as `markdown` does; nothing for a name that is not set, and a list as bullets."""
    if isinstance(value, jinja2.Undefined) or value is None:
        return Markup("")
    if isinstance(value, list | tuple):
        # Indented, so that the other lines of an item belong to it.
        items = (str(_prose(item)).strip().replace("\n", "\n  ") for item in value)
        return Markup("\n".join(f"- {item}" for item in items))  # noqa: S704 - escaped one by one
    return _marked(as_markdown, wording.url_link(value))


def _as_list(value: object) -> list[object]:
    """Return a list as it is, one value as a list of it, and an empty list for a name that is not set."""
    if isinstance(value, list | tuple):
        return list(value)
    return [value] if _is_known(value) else []


def _is_known(value: object) -> bool:
    """Return whether a name is set, and its value is neither empty nor null; 0 and false are known."""
    if isinstance(value, jinja2.Undefined) or value is None:
        return False
    return bool(value.strip() if isinstance(value, str) else value) if isinstance(value, _SIZED) else True


def _hub_link(repo_id: object, kind: str = "") -> Markup:
    link = wording.hub_link(repo_id, kind)
    return Markup(link) if link else _printed(str(repo_id))  # noqa: S704 - contains only characters of a repo's id


def _joined(
    values: Iterable[object],
    separator: str = "",
    attribute: str | None = None,
    *,
    printed: Callable[[object], Markup] = _printed,
) -> Markup:
    items = [value[attribute] for value in values] if attribute else list(values)  # type: ignore[index]  # plain data
    return escape(separator).join(printed(item) for item in items)


def _compiled(environment: jinja2.Environment, request: dict[str, Any]) -> jinja2.Template:
    name = request["name"]
    # The other templates come with the request: this process reads no files.
    environment.loader = jinja2.DictLoader(request.get("shared", {}))
    code = _code(environment, request["template"], name)
    return jinja2.Template.from_code(environment, code, environment.globals)


def _with_printed(
    response: Response, request: dict[str, Any], context: dict[str, Any], codes: jinja2.BytecodeCache | None
) -> Response:
    """Add the places of the `tracked` values of the context to a response."""
    # The card does not depend on them: without them, it is published as it is.
    with suppress(Exception):
        from hublish.pipeline.render_card.tracked_values import TrackingSandbox, named, tracking

        class Sandbox(TrackingSandbox, ImmutableSandboxedEnvironment):
            pass

        environment = new_environment(codes, Sandbox)
        if request.get("markdown"):
            environment.finalize = _printed_as_markdown
        names = tracking(environment)
        own = {key: named(value, key) if key in request["tracked"] else value for key, value in context.items()}
        own |= {key: names.filled(value) for key, value in request["marked"].items()}
        own["pictures"] = {key: _with_marks(key, each, names) for key, each in context.get("pictures", {}).items()}
        marked = _rendered(_compiled(environment, request), own, 4 * request["output"])
        response["printed"] = names.printed(marked["text"], response["text"])
    return response


def _with_marks(name: str, picture: dict[str, Any], names: "Names") -> dict[str, Any]:
    """Return a picture whose element has its alternative text in marks: the data in words."""
    from hublish.cards.record.fact_names import PIECES

    before, attribute, rest = picture["markup"].partition(' alt="')
    words, end, after = rest.partition('"')
    pieces = ((before + attribute, None), (words, f"pictures.{name}.alt"), (end + after, None))
    return {**picture, "markup": Markup(names.filled({PIECES: pieces}))}  # noqa: S704 - hublish wrote it itself


def _rendered(template: jinja2.Template, context: dict[str, Any], limit: int) -> Response:
    # Generated piece by piece, so that endless output is stopped before it fills the memory.
    pieces, size = [], 0
    for piece in template.generate(context):
        size += len(piece.encode("utf-8"))
        if size > limit:
            return _EXCEEDED
        pieces.append(piece)
    return {"text": "".join(pieces)}


def _line(error: Exception, name: str) -> int:
    """Return the template's line that raised the error: Jinja2 maps its frames to lines of the template."""
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == name]
    return (lines[-1] or 0) if lines else 0
