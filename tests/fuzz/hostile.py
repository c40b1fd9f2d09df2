"""Values that caused trouble somewhere, which mutations and strategies put in place of valid ones."""

from collections.abc import Mapping

TOKEN = "hf_" + "aB3dE5fG7hJ9kL1mN3pQ5rS7tU9vW1xY3z"  # in two parts: the repo itself holds no token
"""Looks like a credential, and must never be printed."""

SCALARS = (
    *("", "~", "null", "true", "no", "on", "1.10", "1_000", "0o17", "0x1F", "1e400", "-1e-400", ".inf", ".nan", "-0"),
    *("12:30:45", "2024-13-45", "1" * 5000, "9" * 400, "-", "---", "...", "?", "? a", ":", "a: b: c", "- - - a", "<<"),
    *("[", "]", "{", "}", "[[[[", "{a: {b: {c: ", "[a, b", "{a: 1, a: 2}", "[1, [2, [3]]]", "{}", "[]", "[{}]"),
    *('"', "'", '"\\', '"\\ud800"', '"\\x00"', '"\\uFFFF"', '"\\U00110000"', '"\\z"', "'it''s'", '"a\\\n  b"'),
    *(
        "&a",
        "*a",
        "&a [*a]",
        "!!python/object/apply:os.system [id]",
        "!foo bar",
        "!!binary aGk=",
        "%YAML 1.1",
        "@",
        "`",
    ),
    *("|", ">", "|-\n  a", ">+9\n  b", "|2\n a", "# c", "a # b", "a\t: b", "\t", "a: \tb", "\ufeff", "\r", "\r\n"),
)
"""YAML, and almost YAML."""

TEXTS = (
    *("\u202egnp.exe", "\u2028b: 1", "\x85", "\x00", "\x1b[31mred", "\x07", "\u0430", "ﬁ", "İ", "ß", "e\u0301", "é"),
    *("\U0001f600" * 9, "\U0010ffff", "\ufffe", "\u200b", "\u200d", "\u00ad", "a" * 300, "ä" * 200, "x" * 5000),
    *("::error file=a,line=1::x", "%0A::warning::y", "<script>alert(1)</script>", "[a](javascript:b)", "`a`", "|a|b|"),
    *(TOKEN, f"https://user:{TOKEN}@example.org", "{{7*7}}", "{% include 'a' %}", "${HOME}", "$(id)", "%s%n", "{0.a}"),
)
"""For fields with prose."""

PATHS = (
    *("..", "../x", "a/../../x", "/etc/passwd", "//a", "C:\\x", "C:x", "\\\\srv\\s", "a\\..\\b", "a//b", "a/./b", "a/"),
    *(".", "./", "./.", "", " ", "a b", ".git/config", "a/.GIT/x", "git~1", ".cache/x", ".cache/huggingface/x", "CON"),
    *("aux.txt", "trailing. ", "a:ads", "nul", "a" * 256, "a/" * 600, "é", "e\u0301", "~", "~root", "-rf", "model.npz"),
    *("runs", "runs/best", "runs/best/model.npz", "runs/best/*.json", "runs/**/*", "README.md", "hub.yaml", "hub.lock"),
    *(
        "link",
        "outside",
        "dangling",
        "loop",
        "folder-link",
        "folder-link/a.json",
        "pipe",
        ".env",
        "odd[1].txt",
        "A.bin",
    ),
)
"""For fields with a path."""

PATTERNS = (
    *("*", "**", "**/*", "*/**", "**/**/**/**/**/x", "***", "?", "??*", "*.json", "runs/", "./*", "!*", "*" * 300),
    *(
        "*a" * 30 + "b",
        "**/*a" * 12,
        "?*" * 40 + "z",
        "[!a]" * 50,
        "*[a-z]*" * 20,
        "a*" * 100,
        "*/" * 60 + "*",
        "*a*" * 9,
    ),
    *(
        "[",
        "[]",
        "[!]",
        "[]]",
        "[!]]",
        "[a",
        "[z-a]",
        "[a-]",
        "[-a]",
        "[a-b-c]",
        "[[]",
        "[^a]",
        "[\\]",
        "[\\d]",
        "[a&&b]",
    ),
    *(
        "[a||b]",
        "[a~~b]",
        "[a--b]",
        "[[:alpha:]]",
        "[/]",
        "a[/]b",
        "[!/]",
        "[*]",
        "[\u00e0-\u00ff]",
        "{a,b}",
        "(a|b)+$",
    ),
    *("(?i)x", "\\", "\\*", "a\\", "^$", "(a+)+$", ".*.*.*=", "(", ")", "+", "[\U0001f600-\U0001f64f]", "[\x7f-\x00]"),
)
"""For fields with a pattern of fnmatch or a glob."""

PLACEHOLDERS = (
    *("{{ version }}", "{{version}}", "{{ versoin }}", "{{ '{{' }}", "{{ '}}' }}", "{{ git.commit }}", "{{ git.tag }}"),
    *(
        "{{ git.dirty }}",
        "{{ git.short_commit }}",
        "{{ git.x }}",
        "{{ env.HOME }}",
        "{{ env.CHANNEL }}",
        "{{ env. }}",
        "{{ env.LABEL }}",
        "{{ env.ODD }}",
    ),
    *("{{ source_date }}", "{{ a.b.c }}", "{{", "}}", "{{}}", "{{ }}", "{{{ version }}}", "{{ {{ version }} }}"),
    *("{{ ''.__class__ }}", "{{ x|attr('y') }}", "{{ version | upper }}", "{%if 1%}", "{{" * 300, "{{ a" + " " * 3000),
    *("{{ first }}{{ second }}", "{{ '{{' }} version }}", "{{ ümlaut }}", "{{ VERSION }}", "{{\nversion\n}}"),
)
"""For fields with variables; `first` and `second` form the token."""

NAMES = (
    *(
        "a",
        "a/b",
        "a/b/c",
        "/a",
        "a/",
        "-a/b",
        "a/b.git",
        "a--b",
        "a..b",
        "a" * 97,
        "a/" + "b" * 97,
        "ä/b",
        "A_1.x/y-2",
    ),
    *(
        "refs/heads/main",
        "refs/pr/1",
        "main",
        "HEAD",
        "@",
        "a@{1}",
        "a..b",
        "a.lock",
        "a/.b",
        "a b",
        "a~1",
        "v1^",
        "-a",
    ),
    *("copy", "safetensors", "npz", "torch", "gguf", "onnx", "sklearn", "nope", "digits_mlp:DigitsMLP", "os:system"),
    *(
        "a:b:c",
        "__a:b",
        "embedded",
        "https://example.org",
        "http://[::1",
        "https://u:p@h",
        "https://h:99999",
        "ftp://h",
    ),
    *("5GB", "5 gb", "-1", "1.5TB", "1e9", "999999999999999TB", "5GiB", "0", "auto", "manual", "public", "dataset"),
    *("other", "mit", "apache-2.0", "cc-by-4.0", "n<1K", "model", "space", "gradio", "card.md.j2", "metrics.json"),
)
"""For ids, refs, classes, URLs, sizes, and keywords."""

ALL = (*SCALARS, *TEXTS, *PATHS, *PATTERNS, *PLACEHOLDERS, *NAMES)

BY_WORD: Mapping[str, tuple[str, ...]] = {
    "source": (*PATHS, *PATTERNS),
    "path": PATHS,
    "template": PATHS,
    "evaluation": PATHS,
    "pattern": PATTERNS,
    "include": PATTERNS,
    "exclude": PATTERNS,
    "summary": (*TEXTS, *PLACEHOLDERS),
    "description": (*TEXTS, *PLACEHOLDERS),
    "message": (*TEXTS, *PLACEHOLDERS),
}
"""The most hostile values for a key that contains one of these words."""

ORDINARY = (*NAMES, *PLACEHOLDERS)


def values_for(key: str) -> tuple[str, ...]:
    """Return hostile values for a key."""
    return next((values for word, values in BY_WORD.items() if word in key), ORDINARY)
