"""What other tools call the fields of a manifest: the words people bring along, and where they go here."""

from collections.abc import Mapping
from types import MappingProxyType

_CARD_METADATA = "write it under `card: metadata:`"
_IN_CARD = dict.fromkeys(
    ("license", "language", "tags", "pipeline_tag", "library_name", "base_model", "datasets", "metrics"), _CARD_METADATA
)
_PATTERNS = {
    **dict.fromkeys(("include", "includes", "allow", "only"), "allow_patterns"),
    **dict.fromkeys(("exclude", "excludes", "ignore", "skip"), "ignore_patterns"),
}

SYNONYMS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "Manifest": {
            **_IN_CARD,
            **dict.fromkeys(("files", "sources", "uploads"), "artifacts"),
            "repository": "repo",
            **dict.fromkeys(("version", "name"), "write it under `variables:` and mention it as {{ name }}"),
            **{word: f"write it under `patterns:` as `{field}`" for word, field in _PATTERNS.items()},
        },
        "Repo": {
            **_IN_CARD,
            **dict.fromkeys(("name", "id", "repo", "repository", "model_id", "hub_model_id"), "repo_id"),
            **dict.fromkeys(("type", "kind"), "repo_type"),
            **dict.fromkeys(("private", "hub_private_repo"), "write `visibility: private` or `visibility: public`"),
            "protected": "write `visibility: protected`",
            **dict.fromkeys(("branch", "ref"), "revision"),
            **dict.fromkeys(("title", "message", "summary"), "commit_message"),
            "description": "commit_description",
            **dict.fromkeys(("pull_request", "pr"), "create_pr"),
            "sdk": "space_sdk",
            **dict.fromkeys(("url", "hub", "host", "base_url"), "endpoint"),
            "exist_ok": "remove it: a repo that exists is used, a missing one is created",
            "parent_commit": "remove it: hublish commits on the head it planned against",
        },
        "Artifact": {
            **dict.fromkeys(("path", "file", "folder", "from", "input", "glob", "local_path", "folder_path"), "source"),
            **dict.fromkeys(("to", "dest", "destination", "target", "output", "as", "remote_path"), "path_in_repo"),
            **dict.fromkeys(("format", "type", "converter"), "serializer"),
            **dict.fromkeys(("parameters", "params", "args", "kwargs"), "options"),
        },
        "Patterns": {**_PATTERNS, **dict.fromkeys(("delete", "prune", "remove"), "delete_patterns")},
        "Card": {
            **_IN_CARD,
            "vars": "variables",
            **dict.fromkeys(("path", "file"), "template"),
            **dict.fromkeys(("results", "eval", "eval_results"), "evaluation"),
        },
        "Policy": {
            **dict.fromkeys(("allow_pickle", "pickles"), "pickle"),
            **dict.fromkeys(("max_size", "size_limit"), "max_file_size"),
            **dict.fromkeys(("deny", "forbid"), "deny_patterns"),
        },
        "Load": {
            **_PATTERNS,
            **dict.fromkeys(("class", "into", "model", "architecture"), "target"),
            **dict.fromkeys(("format", "type"), "serializer"),
            "trust_remote_code": "remove it: only whoever loads can trust, with hublish.load(..., trust=...)",
        },
    }
)
"""By the name of the model: a field's own name, or a sentence that says where the word goes."""
