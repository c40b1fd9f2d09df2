"""What `allow_patterns`, `ignore_patterns` and `delete_patterns` mean: the same as in huggingface_hub.

Its own function is not called, since that costs half a `hublish check`: `huggingface_hub.utils` cannot be imported
without an HTTP client. The two are held together by a test that gives both the same generated patterns and paths.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from fnmatch import translate
from typing import Any


def matching(
    paths: Iterable[str], allow_patterns: Sequence[str] | None, ignore_patterns: Sequence[str] | None
) -> tuple[str, ...]:
    """Return the paths that pass, in the meaning of huggingface_hub's `filter_repo_objects`.

    Patterns are fnmatch's, with upper and lower case told apart and `*` crossing `/`; one that ends with `/` stands
    for everything below. Backslashes are slashes. Ignoring wins.

    Args:
        paths: in the repo.
        allow_patterns: one of them must match; None allows everything, an empty list nothing.
        ignore_patterns: none of them may match.
    """
    allowed = None if allow_patterns is None else _matchers(allow_patterns)
    ignored = _matchers(ignore_patterns or ())

    def passes(path: str) -> bool:
        path = path.replace("\\", "/")
        return (allowed is None or any(match(path) for match in allowed)) and not any(match(path) for match in ignored)

    return tuple(path for path in paths if passes(path))


def _matchers(patterns: Sequence[str]) -> tuple[Callable[[str], Any], ...]:
    plain = (pattern.replace("\\", "/") for pattern in patterns)
    return tuple(re.compile(translate(f"{pattern}*" if pattern.endswith("/") else pattern)).match for pattern in plain)
