"""Texts that try to leave their place in a page, and repositories that have them in every place there is."""

import json
import struct
from itertools import count
from typing import Any

from huggingface_hub import CommitOperationAdd, HfApi

from hublish.hub.server import EmbeddedHub
from hublish.hub.server.git.refs import is_valid_ref
from hublish.hub.server.git.repository import Signature, add_commit, now
from hublish.hub.server.repo_ids import RepoId, path_problem
from hublish.hub.server.repositories import MAIN_REF

TEXTS = (
    "<script>document.title='run'</script>",
    "<img src=x onerror=\"document.title='run'\">",
    "<svg onload=document.title='run'>",
    '"><script>document.title=1</script>',
    "'><script>document.title=1</script>",
    "\" onmouseover=\"document.title='run'",
    "' autofocus onfocus='document.title=1",
    "</title><script>document.title='run'</script>",
    "</style><script>document.title='run'</script>",
    "</textarea></pre></code><b>",
    "</bdi></a></li></ul></main></body></html><h1>",
    "<!--",
    "-->",
    "<!-- --><script>x</script>",
    "<![CDATA[ x ]]>",
    "<?php echo 1 ?>",
    "<iframe src='https://evil.example'></iframe>",
    "<form action='https://evil.example'><input name=token>",
    "<base href='https://evil.example/'>",
    "<meta http-equiv=refresh content='0;url=https://evil.example'>",
    "<link rel=stylesheet href='https://evil.example/x.css'>",
    "<style>main { display: none }</style>",
    "<div style='position:fixed;inset:0;background:red'>",
    "<details open ontoggle=document.title=1>",
    "<math><mtext></form><form><mglyph><style></math><img src onerror=x>",
    "<noscript><p title='</noscript><img src=x onerror=x>'>",
    "<template><script>x</script></template>",
    "<object data='data:text/html,x'></object>",
    "<embed src='javascript:x'>",
    "<a href='javascript:document.title=1'>x</a>",
    "javascript:document.title='run'",
    "JaVaScRiPt&colon;alert(1)",
    "data:text/html,<script>x</script>",
    "vbscript:x",
    "https://evil.example/",
    "//evil.example/x",
    "{{ 7*7 }}",
    "{% include '/etc/passwd' %}",
    "{{ visit.hub.accounts }}",
    "{# comment",
    "${7*7}",
    "%3Cscript%3Ex%3C/script%3E",
    "&lt;script&gt;",
    "&#60;script&#62;",
    "&quot;&gt;",
    "&\0x",
    "\u202egnp.exe",
    "\u2066isolate\u2069",
    "zero\u200bwidth\ufeff",
    "line\u2028separator\u2029",
    "\x1b[2J\x1b]0;title\x07",
    "carriage\rreturn",
    "\uff1cscript\uff1efull width",
    "\u0131\u0130 dotless",
    "z\u0301\u0302\u0303\u0304" * 20,
    "a" * 240,
    "..",
    "../../../etc/passwd",
    "?a=b#c",
    "a b+c%20d;e=f",
    "[x](javascript:alert(1))",
    "![x](https://evil.example/x.png)",
    "`` ` ``",
    "| a | b |\n|---|---|",
    "\n\n# A heading\n\n---\n",
)
assert len(TEXTS) >= 60
# In each place, as many harmless texts, in the same order.
PLAIN = tuple(f"plain {number:02}" for number in range(len(TEXTS)))


def build(hub: EmbeddedHub, repo: str, texts: tuple[str, ...]) -> list[str]:
    """Create a repository with the texts as names and contents of everything, and return the paths of its pages.

    Where a hostile text is not allowed, the harmless one takes its place.
    """
    api = HfApi(endpoint=hub.endpoint, token=hub.token)
    api.create_repo(repo)
    files: dict[str, bytes] = {"README.md": _card(texts), "model.safetensors": _weights(texts)}
    numbers = count()
    for text, plain in zip(texts, PLAIN, strict=True):
        number = next(numbers)
        # Each begins alike, so that both repositories have the same order.
        name = f"{number:02} {text}".replace("/", "\N{FRACTION SLASH}")
        name = name if path_problem(name) is None else f"{number:02} {plain}"
        files[f"names/{name}"] = text.replace("\0", "").encode("utf-8", "replace") + b"\n"
        files[f"folders/{name}/file"] = b"x"
    files["all.txt"] = "\n".join(text.replace("\n", " ").replace("\0", "") for text in texts).encode()
    api.create_commit(repo, [CommitOperationAdd(path, data) for path, data in files.items()], commit_message="files")
    _commit(hub, repo, texts)
    for number, (text, plain) in enumerate(zip(texts, PLAIN, strict=True)):
        branch = f"{number:02}{text}"
        branch = branch if is_valid_ref(branch) else f"{number:02}-{plain.replace(' ', '-')}"
        with hub._hub.repositories.open(RepoId.parse("model", repo)) as git:  # type: ignore[union-attr]
            main = git.refs.get(MAIN_REF)
            git.refs.set(f"refs/heads/{branch}", str(main), expected=None)
        api.create_discussion(repo, f"{number:02} {text}"[:200].strip(), description="x")
    for text in texts[:6]:
        api.comment_discussion(repo, 1, text)
        api.rename_discussion(repo, 1, f"The {text}"[:200].strip())
    with hub._hub.repositories.open(RepoId.parse("model", repo)) as git:  # type: ignore[union-attr]
        latest = git.refs.get(MAIN_REF)
    return [
        *("", "/tree/main", "/tree/main/names", "/tree/main/folders", "/commits/main", f"/commit/{latest}"),
        *("/blob/main/all.txt", "/blob/main/model.safetensors", "/blob/main/README.md"),
        *("/discussions", "/discussions/1", "/discussions?cursor=50", "/commits/main?cursor=50"),
    ]


def _commit(hub: EmbeddedHub, repo: str, texts: tuple[str, ...]) -> None:
    """Add a commit for each text, with the text as author, title and message, as a push could."""
    with (
        hub._hub.repositories.changing(RepoId.parse("model", repo)) as git,  # type: ignore[union-attr]
        git.writer() as writer,
    ):
        head = git.refs.get(MAIN_REF)
        assert head is not None
        commit, tree = head, git.commit(head).tree
        for text in texts:
            # An author ends at the address behind it.
            author = "".join(char for char in text if char not in "<>\n\r\0")
            signature = Signature(author, now())
            commit = add_commit(writer, tree, (commit,), signature, f"title {text}\n\nbody {text}")
        writer.finish()
        git.refs.set(MAIN_REF, commit, expected=head)


def _card(texts: tuple[str, ...]) -> bytes:
    metadata: dict[str, Any] = {"license": "mit", "tags": [f"t{n} {text}" for n, text in enumerate(texts)][:60]}
    metadata["base_model"] = ["acme/base"]
    body = "\n\n".join(texts)
    return f"---\n{json.dumps(metadata)}\n---\n# Card\n\n{body}\n".encode("utf-8", "replace")


def _weights(texts: tuple[str, ...]) -> bytes:
    header = {
        # No reader accepts a header with control characters in a name.
        f"{number:02} {text}" if text.isprintable() and ".." not in text else PLAIN[number]: {
            "dtype": "U8",
            "shape": [1],
            "data_offsets": [number, number + 1],
        }
        for number, text in enumerate(texts)
    }
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + bytes(len(texts))
