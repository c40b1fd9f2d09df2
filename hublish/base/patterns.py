"""Patterns over paths: huggingface_hub's for paths in the repo, globs for sources, and suggestions for both.

`allow_patterns` and friends mean exactly the same as in huggingface_hub. Its own function is not called:
`huggingface_hub.utils` imports an HTTP client, which takes half the time of a `hublish check`. A test passes the same
generated patterns and paths to both.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from fnmatch import fnmatchcase, translate
from typing import Any, Final

from hublish.base.values import Candidate

# Comparing so many names takes a tenth of a second; among more, a near miss is found anyway.
_MANY: Final = 2_000

_STARS: Final = re.compile(r"\*+")
_PIECE: Final = re.compile(r"(\*+|\?|\[!?\]?[^\]/]*\])")
_IN_CLASS: Final = re.compile(r"(?P<first>.)-(?P<last>.)|.", re.DOTALL)
_FOLDERS: Final = "(?:[^/]+/)*"
_NOTHING: Final = "(?!)"


def matching(
    paths: Iterable[str], allow_patterns: Sequence[str] | None, ignore_patterns: Sequence[str] | None
) -> tuple[str, ...]:
    """Return the paths that pass, as huggingface_hub's `filter_repo_objects` does.

    Patterns are those of fnmatch, case-sensitive, with `*` crossing `/`; one that ends with `/` matches everything
    below. Backslashes are slashes. Ignoring wins. None as `allow_patterns` allows every path, an empty list no path.
    """
    allowed = None if allow_patterns is None else _matchers(allow_patterns)
    ignored = _matchers(ignore_patterns or ())

    # The most frequent pattern; other ones take microseconds for each of 100,000 files.
    if allow_patterns is not None and "*" in allow_patterns and not ignored:
        return tuple(paths)

    def passes(path: str) -> bool:
        path = path.replace("\\", "/")
        return (allowed is None or any(match(path) for match in allowed)) and not any(match(path) for match in ignored)

    return tuple(path for path in paths if passes(path))


def glob_expression(pattern: str) -> re.Pattern[str]:
    """Return a glob over sources as a regular expression on whole paths.

    `*` and `?` stay within a segment, `**` spans any number of segments, `[..]` is a character class; a range that
    runs backwards matches nothing, as in fnmatch.
    """
    # A glob comes from a file and may be hostile: the expression must not take exponential time. Each wildcard in the
    # middle is therefore lazy and atomic, `(?>...)`. Ending early loses no match, as the rest then has more places to
    # match at.
    first, *others = _runs(pattern)
    if not others:
        return re.compile("/".join(first), re.DOTALL)
    # A run between two `**` matches at the first place that fits; only the last one must reach the end.
    *middle, last = others
    parts = ["/".join([*first, ""])]
    parts += [f"(?>{_FOLDERS}?{'/'.join(run)}/)" for run in middle if run]
    parts += [_FOLDERS + "/".join(last) if last else ".+"]
    return re.compile("".join(parts), re.DOTALL)


def near_misses(pattern: str, candidates: Sequence[Candidate]) -> str:
    """Return a hint for a pattern over paths in the repo that matches none of them."""
    # A frequent mistake: a pattern on the source's path, while patterns match the path in the repo.
    by_source = next((each for each in candidates if fnmatchcase(each.source, pattern)), None)
    if by_source is not None:
        return f"patterns match path_in_repo: write '{by_source.path_in_repo}', not '{by_source.source}'"
    paths = [candidate.path_in_repo for candidate in candidates[:_MANY]]
    if meant := next((each for each in _as_in_gitignore(pattern) if matching(paths, [each], None)), None):
        return f"did you mean '{meant}'? Patterns match the whole path_in_repo, and `*` matches `/` too"
    if likely := _nearest(pattern, paths):
        return f"did you mean '{likely}'?"
    return "patterns match path_in_repo; `hublish files --excluded` lists them all"


def near_glob(glob: str, names: Sequence[str]) -> str | None:
    """Return the glob most like one without matches that matches some of the names; None without one."""
    # difflib is imported on use: only errors need it.
    from difflib import get_close_matches

    names = names[:_MANY]
    folder, slash, last = glob.rpartition("/")
    # The right name in another folder, or the right folder with another suffix.
    stem = last.rpartition(".")[0]
    elsewhere = {f"{name.rpartition('/')[0]}/{last}" for name in names if "/" in name}
    otherwise = {f"{folder}{slash}{stem}.{name.rpartition('.')[2]}" for name in names if "." in name and stem}
    likely = get_close_matches(glob, sorted(elsewhere | otherwise), n=3, cutoff=0.7)
    expressions = ((each, glob_expression(each)) for each in likely)
    return next((each for each, expression in expressions if any(map(expression.fullmatch, names))), None)


def _as_in_gitignore(pattern: str) -> Iterator[str]:
    """Yield patterns with the meaning that one has in a .gitignore, where a name matches a folder at any depth."""
    plain = pattern.replace("\\", "/").removeprefix("./").removeprefix("**/").strip("/")
    if plain:
        yield from (plain, f"{plain}/*", f"*/{plain}", f"*/{plain}/*")


def _matchers(patterns: Sequence[str]) -> tuple[Callable[[str], Any], ...]:
    # huggingface_hub, too, replaces backslashes and appends `*` to a folder.
    plain = (pattern.replace("\\", "/") for pattern in patterns)
    return tuple(re.compile(translate(f"{pattern}*" if pattern.endswith("/") else pattern)).match for pattern in plain)


def _runs(pattern: str) -> list[list[str]]:
    """Return the segments between the `**`, as expressions."""
    runs: list[list[str]] = [[]]
    for segment in pattern.split("/"):
        if segment == "**":
            runs.append([])
        else:
            runs[-1].append(_segment(_PIECE.split(segment)))
    return runs


def _segment(pieces: Sequence[str]) -> str:
    """Return the expression of one segment, given as wildcards, classes and plain text."""
    chunks = [""]
    for piece in pieces:
        if _STARS.fullmatch(piece):
            chunks.append("")
        else:
            chunks[-1] += _character(piece)
    first, *others = chunks
    middle = [f"(?>[^/]*?{chunk})" for chunk in others[:-1] if chunk]
    return "".join([first, *middle, *(f"[^/]*{chunk}" for chunk in others[-1:])])


def _character(piece: str) -> str:
    if piece == "?":
        return "[^/]"
    if piece.startswith("[") and piece.endswith("]") and len(piece) > 2:
        # A negated class would match the slash as well.
        return f"(?!/){_class(piece[1:-1])}"
    return re.escape(piece)


def _class(body: str) -> str:
    # Members are escaped one by one: `[a&&b]` and `[[a]` are plain characters in a glob, and not in `re`.
    negated = body.startswith("!")
    members = "".join(map(_members, _IN_CLASS.finditer(body, int(negated))))
    if not members:
        return "." if negated else _NOTHING
    return f"[{'^' if negated else ''}{members}]"


def _members(found: re.Match[str]) -> str:
    first, last = found["first"], found["last"]
    if first is None:
        return re.escape(found.group())
    return f"{re.escape(first)}-{re.escape(last)}" if first <= last else ""


def _nearest(pattern: str, paths: Sequence[str]) -> str | None:
    from difflib import get_close_matches

    # `*.safetensor` resembles no whole path: compare it with `*` before the suffix of each path, too.
    stem = pattern.rpartition(".")[0]
    endings = {f"{stem}.{path.rpartition('.')[2]}" for path in paths if "." in path} if "*" in stem else set()
    names = get_close_matches(pattern, sorted({*endings, *paths}), n=1, cutoff=0.7)
    return names[0] if names else None
