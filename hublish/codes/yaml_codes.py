"""Mistakes in the YAML of a file."""

from typing import Final

from hublish.codes.entry import Code

YAML: Final = (
    Code(
        "yaml.syntax",
        "Text that is not YAML",
        cause="A YAML file, usually hub.yaml, breaks the syntax: a quote, a bracket or a brace is not closed, a colon "
        "or a dash is missing, a tab indents a line, or a value begins with a sign of YAML such as `*`, `&`, `@` or "
        "`%`.",
        fix="Correct the place that the message marks; the hint shows the line as it should be. Quote every pattern "
        'and every value that begins with a sign: `"*.json"`.',
        example="repo: {repo_id: acme/digits-mlp}\n"
        "artifacts:\n"
        "  - source: runs/best/*.json\n"
        "patterns:\n"
        "  ignore_patterns: [*.tmp]\n",
    ),
    Code(
        "yaml.unquoted_variable",
        "A variable without quotes",
        cause="A value begins with `{{ name }}` and has no quotes. YAML reads the braces as a mapping inside of a "
        "mapping.",
        fix='Quote the whole value: `tag: "{{ version }}"`. A value with text before the braces, such as `v{{ version '
        "}}`, needs no quotes, and may have them.",
        example="repo:\n"
        "  repo_id: acme/digits-mlp\n"
        "  tag: {{ version }}\n"
        "variables: {version: 1.2.0}\n"
        "artifacts: [{source: runs/best/model.safetensors}]\n",
    ),
    Code(
        "yaml.duplicate_key",
        "A key that is written twice",
        cause="A mapping has the same key twice, such as two sections `policy`. YAML has no rule for which of the two "
        "counts, and readers differ.",
        fix="Merge the two sections, or remove one. The message shows where the first one is.",
        example="repo: {repo_id: acme/digits-mlp}\n"
        "artifacts: [{source: runs/best/model.safetensors}]\n"
        "policy: {pickle: forbid}\n"
        "policy: {secrets: forbid}\n",
    ),
    Code(
        "yaml.key",
        "A key that is not a string",
        cause="YAML reads the key as a number, a boolean, null, a list or a mapping: `true:`, `404:`, `[a]:`.",
        fix='Quote the key: `"true": 1`.',
        example="repo: {repo_id: acme/digits-mlp}\n"
        "artifacts: [{source: runs/best/model.safetensors}]\n"
        "card:\n"
        "  metadata: {true: 1}\n",
    ),
    Code(
        "yaml.number",
        "A number that cannot be kept",
        cause="An unquoted value is `.nan` or `.inf`, or a number with more digits than a reader keeps. JSON, and so "
        "the lock and the plan, cannot hold it.",
        fix='Quote it to keep it as a string: `"1e999"`. Leave out a value that was not measured.',
        example="repo: {repo_id: acme/digits-mlp}\n"
        "artifacts: [{source: runs/best/model.safetensors}]\n"
        "card:\n"
        "  metadata: {accuracy: .nan}\n",
    ),
    Code(
        "yaml.alias",
        "An alias",
        cause="A value is an alias such as `*common`. A few aliases can expand to gigabytes, and a reader of the file "
        "has to search for the values.",
        fix='Write the value itself. If the star belongs to a pattern, quote it: `"*.json"`.',
        example="repo: {repo_id: acme/digits-mlp}\n"
        "artifacts: [{source: runs/best/model.safetensors}]\n"
        "load: {serializer: *format}\n",
    ),
    Code(
        "yaml.anchor",
        "An anchor",
        cause="A value has an anchor such as `&common`, which aliases refer to. hub.yaml has neither, so that every "
        "value is readable at its place.",
        fix="Remove the anchor, and write the value wherever it is used. `variables` names a text that several fields "
        "share.",
        example="repo: {repo_id: acme/digits-mlp}\n"
        "artifacts: [{source: runs/best/model.safetensors}]\n"
        "load:\n"
        '  allow_patterns: &needed ["*.safetensors"]\n',
    ),
    Code(
        "yaml.merge",
        "A merge key",
        cause="A mapping has the key `<<`, which copies the keys of another mapping. It is an extension of YAML 1.1 "
        "that readers treat differently.",
        fix="Write the keys themselves. A string `<<` needs quotes.",
        example="repo: {repo_id: acme/digits-mlp}\n"
        "artifacts:\n"
        "  - source: runs/best/model.safetensors\n"
        "    <<: {serializer: safetensors}\n",
    ),
    Code(
        "yaml.tag",
        "A tag",
        cause="A value begins with `!`, which YAML reads as the name of a type, as in `!env TOKEN` or `!include "
        "parts.yaml`. Tags can create objects of a program, so none is read.",
        fix="Remove the tag. `{{ env.NAME }}` inserts an environment variable that is listed under `env`; a manifest "
        'is one file, without includes. Quote a text that begins with an exclamation mark: `"!*.bin"`.',
        example="repo: {repo_id: acme/digits-mlp, commit_message: !env MESSAGE}\n"
        "artifacts: [{source: runs/best/model.safetensors}]\n",
    ),
    Code(
        "yaml.directive",
        "A YAML directive",
        cause="The file begins with a line such as `%YAML 1.1` or `%TAG`. hub.yaml is always read as YAML 1.2.",
        fix="Remove the line, and the `---` after it.",
        example="%YAML 1.1\n"
        "---\n"
        "repo: {repo_id: acme/digits-mlp}\n"
        "artifacts: [{source: runs/best/model.safetensors}]\n",
    ),
    Code(
        "yaml.several_documents",
        "Several documents in one file",
        cause="A line `---` or `...` begins a second document. hub.yaml describes one release.",
        fix="Remove the line. Keep a second release in a file of its own, and name it with `-f other.yaml`.",
        example="repo: {repo_id: acme/digits-mlp}\n"
        "artifacts: [{source: runs/best/model.safetensors}]\n"
        "---\n"
        "repo: {repo_id: acme/digits-large}\n",
    ),
    Code(
        "yaml.empty",
        "An empty file",
        cause="The file has no content, or only comments.",
        fix="Run `hublish init` for a draft from the files in this folder, or start from `hublish schema --example`.",
        example="# nothing yet\n",
    ),
    Code(
        "yaml.not_a_mapping",
        "A file that is not a mapping",
        cause="The top level of the file is a list or a single value, and keys such as `repo` and `artifacts` are "
        "expected.",
        fix="Begin with `key: value` lines: remove the dash before `repo:`, or indent what belongs below a key.",
        example="- repo: {repo_id: acme/digits-mlp}\n- artifacts: [{source: runs/best/model.safetensors}]\n",
    ),
    Code(
        "yaml.not_a_list",
        "A file that is not a list",
        cause="The file must have a list at its top level, as results in the form of `.eval_results/*.yaml` on the "
        "Hub have, and has a mapping or a single value.",
        fix="Begin each entry with `- `.",
    ),
    Code(
        "yaml.indentation",
        "A space that is not an ordinary one",
        cause="A line is indented with a no-break space or another special space, as text that was copied from a web "
        "page or a chat often is. YAML reads it as a part of the key.",
        fix="Delete the indentation of that line, and type ordinary spaces.",
    ),
    Code(
        "yaml.character",
        "An invisible character",
        cause="The text has a control character, a byte order mark inside of the file, or a character that changes "
        "the direction of text. Most editors show nothing there, and a reviewer sees another text than the program.",
        fix="Delete the character at the place in the message. Typing the line again is the safest way.",
        example='repo: {repo_id: acme/digits-mlp}\nartifacts: [{source: "runs/best/\\u0007model.safetensors"}]\n',
    ),
    Code(
        "yaml.encoding",
        "A file that is not UTF-8",
        cause="The file is in UTF-16 or in an older encoding such as Latin-1.",
        fix="Save it as UTF-8 in the editor, or convert it: `iconv -f latin1 -t utf-8 hub.yaml`.",
    ),
    Code(
        "yaml.too_large",
        "A YAML file above the limit",
        cause="The file has more than 256 KiB. Such a manifest mostly lists files one by one.",
        fix="Name folders and patterns as sources, such as `runs/best/*.json`, in place of single files. Keep long "
        "texts of the card in a template or in a file under `card.data`.",
    ),
    Code(
        "yaml.too_deep",
        "Values that are nested too deep",
        cause="Lists and mappings are nested in more than 64 levels. No field of a manifest is that deep.",
        fix="Remove levels. A bracket that is never closed is the usual cause.",
    ),
    Code(
        "yaml.too_many",
        "Too many keys and values",
        cause="The file has more than 50,000 keys and values.",
        fix="Name folders and patterns as sources in place of single files.",
    ),
)
