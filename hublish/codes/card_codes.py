"""Problems of the card, README.md, and of its metadata."""

from typing import Final

from hublish.base import errors
from hublish.codes.entry import Code

CARD: Final = (
    Code.of_error(
        errors.CardError,
        cause="The card of the release, README.md, cannot be rendered, or the Hub would reject it. The listed "
        "problems name each reason and its place.",
        fix="Correct them, then run `hublish card` to see the card, or `hublish check` to check it with everything "
        "else.",
    ),
    Code(
        "card.refused",
        "Metadata for which the Hub rejects a commit",
        cause="A value of the card's metadata breaks a rule that the Hub checks before it accepts a commit: a license "
        "id that does not exist, a language code, a type, a name that is too long.",
        fix="Write the value as the hint shows it. For a license that the Hub does not list, write `license: other` "
        "with `license_name` and `license_link`.",
        example="repo: {repo_id: acme/digits-mlp}\n"
        "artifacts: [{source: runs/best/model.safetensors}]\n"
        "card:\n"
        "  metadata: {license: apache-3}\n",
    ),
    Code(
        "card.advice",
        "Metadata that readers would miss",
        cause="The Hub accepts the metadata, but a value is missing, misspelled or unknown to it: the license, the "
        "base model, a tag. Searches and widgets of the Hub then do not find it.",
        fix="Correct the value as the hint shows it. `hublish check --strict` fails on these warnings.",
        level="warning",
        example="repo: {repo_id: acme/digits-mlp}\n"
        "artifacts: [{source: runs/best/model.safetensors}]\n"
        "card: {metadata: {tags: [digits]}}\n",
    ),
    Code(
        "card.rejected",
        "Metadata that the Hub refused",
        cause="hublish sent the metadata of README.md to the Hub for validation before the commit, and the Hub "
        "objected. The message is the Hub's own.",
        fix="Change the value that the message names, under `card.metadata` or in the front matter of README.md. "
        "Nothing was committed.",
    ),
    Code(
        "card.unchecked",
        "Metadata that the Hub did not validate",
        cause="The Hub could not be asked whether it accepts the metadata of the card: this Hub has no such request, "
        "or it failed. hublish has checked it by its own rules.",
        fix="Nothing, in most cases. If the Hub then rejects the commit, correct the value that it names and publish "
        "again.",
        level="warning",
    ),
    Code(
        "card.syntax",
        "A syntax error in a template or a data file",
        cause="The template of the card is not valid Jinja2, or a file under `card.data` or `card.evaluation` is not "
        "valid JSON.",
        fix="Correct the line in the message. In a template, `{% raw %}` and `{% endraw %}` enclose text with braces "
        "of its own.",
        example="repo: {repo_id: acme/digits-mlp}\n"
        "artifacts: [{source: runs/best/model.safetensors}]\n"
        "card:\n"
        "  template: cards/broken.md.j2\n"
        "  metadata: {license: mit}\n",
    ),
    Code(
        "card.missing",
        "A template that another one names and that does not exist",
        cause="The template has `extends`, `include` or `import` with the name of a file that cannot be read. Only "
        "the built-in templates are available there.",
        fix="Extend or include a built-in template such as `model.md.j2`, or copy the text of the other file into "
        "yours. `hublish card --template model` prints a built-in one.",
    ),
    Code(
        "card.unsafe",
        "A template that reaches beyond its data",
        cause="The template uses an attribute or a method that could run code or read files, such as one that begins "
        "with an underscore.",
        danger="Templates come with repos and examples from others. Rendering one must not run their code.",
        fix="Use plain data: variables, facts, loops and filters. Compute other values before, write them to a file, "
        "and name it under `card.data`.",
        example="repo: {repo_id: acme/digits-mlp}\n"
        "artifacts: [{source: runs/best/model.safetensors}]\n"
        "card:\n"
        "  template: cards/unsafe.md.j2\n"
        "  metadata: {license: mit}\n",
    ),
    Code(
        "card.undefined",
        "A variable of the template without a value",
        cause="The template prints a name that is neither under `card.variables` nor a fact of the release.",
        fix="Set it under `card.variables`, correct the name, or give a default: `{{ name | default('') }}`. `hublish "
        "card --facts` lists the facts of the release.",
    ),
    Code(
        "card.failed",
        "A template that fails while it is rendered",
        cause="An expression of the template cannot be computed: a number is added to a text, a filter gets a value "
        "that it does not accept, a list is shorter than expected.",
        fix="Correct the expression on the line in the message, or test the value first: `{% if name is defined %}`.",
    ),
    Code(
        "card.template",
        "A template that is not text",
        cause="`card.template` names a file that is not UTF-8, such as one in Latin-1.",
        fix="Save it as UTF-8 in the editor, or convert it: `iconv -f latin1 -t utf-8`.",
        example="repo: {repo_id: acme/digits-mlp}\n"
        "artifacts: [{source: runs/best/model.safetensors}]\n"
        "card: {template: cards/latin-1.md.j2, metadata: {license: mit}}\n",
    ),
    Code(
        "card.file",
        "A file of the card that cannot be read",
        cause="The template of the card, or a file under `card.data` or `card.evaluation`, does not exist, is outside "
        "of the folder of hub.yaml, is a link or a device, or is too large.",
        fix="Correct the path, which is relative to hub.yaml; the hint shows the most similar name. A built-in "
        "template is `model`, `dataset`, `space`, `kernel` or `eu-ai-act`. Run the step that writes the file first.",
        example="repo: {repo_id: acme/digits-mlp}\n"
        "artifacts: [{source: runs/best/model.safetensors}]\n"
        "card: {template: modell, metadata: {license: mit}}\n",
    ),
    Code(
        "card.data",
        "A data file that the card cannot use",
        cause="A file under `card.data` is not JSON, JSON lines, YAML, TOML or CSV, has rows of different lengths, or "
        "has more rows than a card shows.",
        fix="Correct the file at the line in the message. Name a small file with the values that the text shows, and "
        "not a data set.",
        example="repo: {repo_id: acme/digits-mlp}\n"
        "artifacts: [{source: runs/best/model.safetensors}]\n"
        "card:\n"
        "  metadata: {license: mit}\n"
        "  data: {log: cards/card.md.j2}\n",
    ),
    Code(
        "card.value",
        "A value in a text of the card that does not exist",
        cause="A text under `card` mentions `{{ data.... }}` or `{{ facts.... }}`, and there is no such value, it is "
        "a group of values, or the filter after it is unknown.",
        fix="Correct the name: the hint shows the most similar one. `hublish card --facts` prints every fact of the "
        "release, and files for `data` are named under `card.data`.",
        example="repo: {repo_id: acme/digits-mlp}\n"
        "artifacts: [{source: runs/best/model.safetensors}]\n"
        "card:\n"
        "  metadata: {license: mit}\n"
        '  variables: {summary: "It has {{ facts.model.parametres }} parameters."}\n',
    ),
    Code(
        "card.variable",
        "A variable that the card does not show",
        cause="A name under `card.variables` is not used by the template, is a second name for another variable, or "
        "is a name that templates already use. Its text would be missing in the card.",
        fix="Rename it as the hint suggests, remove it, or use it in a template of your own.",
        example="repo: {repo_id: acme/digits-mlp}\n"
        "artifacts: [{source: runs/best/model.safetensors}]\n"
        "card:\n"
        "  metadata: {license: mit}\n"
        "  variables: {sumary: A small network.}\n",
    ),
    Code(
        "card.evaluation",
        "Results that cannot be published",
        cause="A file under `card.evaluation` is not in a form that hublish reads, lacks the named benchmark or "
        "metric, or has more values than a card shows; or two results are the same value of one leaderboard.",
        fix="Choose the values with `benchmarks` or `metrics`, or describe them with `task` and `dataset`. The hint "
        "names the benchmarks and metrics that the file has.",
        example="repo: {repo_id: acme/digits-mlp}\n"
        "artifacts: [{source: runs/best/model.safetensors}]\n"
        "card:\n"
        "  metadata: {license: mit}\n"
        "  evaluation:\n"
        "    - {file: scores.json, metrics: [accurracy]}\n",
    ),
    Code(
        "card.eval_results",
        "A file of results that the Hub does not read",
        cause="A file in `.eval_results/` breaks the form in which the Hub reads results for its leaderboards: a "
        "value is not a number, a date is not a quoted string, the dataset has no id.",
        fix="Correct the entry as the hint shows it. `card.evaluation` with a `task_id` writes such files for you.",
        level="warning",
    ),
    Code(
        "card.data_files",
        "Data files that `datasets` does not find",
        cause="`configs` in the card of a dataset names files that the release does not have, names a split twice, or "
        "mixes formats that one repo cannot mix.",
        fix="Correct the pattern or the name at the place in the message. Patterns are relative to the root of the "
        "repo, and extensions are in lower case.",
        level="warning",
    ),
    Code(
        "card.missing_file",
        "A file that the card names and the release lacks",
        cause="The card shows a picture or links to a file with a relative path, or `license_link` names one, and no "
        "artifact collects it.",
        fix="Add it to `artifacts`, correct the path, or write a URL. If the file is on the Hub from an earlier "
        "release, the reference works.",
        level="warning",
        example="repo: {repo_id: acme/digits-mlp}\n"
        "artifacts: [{source: runs/best/model.safetensors}]\n"
        "card:\n"
        "  metadata: {license: other, license_name: acme, license_link: LICENSE}\n",
    ),
    Code(
        "card.conflict",
        "Two changes of one part of the card",
        cause="README.md was edited on the Hub since the last release, and this release changes the same part; or the "
        "README.md there is not text or is too large to merge.",
        danger="Replacing the card would lose the edit of a person.",
        fix="Look at both with `hublish card --diff`. Copy the edit into your card and publish again, or decide with "
        "`--card ours` or `--card theirs`.",
    ),
    Code(
        "card.kept",
        "A value on the Hub that stays",
        cause="The card on the Hub has another value for this key than the release, and no lock shows that hublish "
        "wrote it. A person probably did, so it is kept.",
        fix="Nothing, if that value is right; take it over into `card.metadata` to end the warning. `--card ours` "
        "replaces it.",
        level="warning",
    ),
    Code(
        "card.deleted",
        "A card that was deleted on the Hub",
        cause="The last release had a README.md, which was deleted on the Hub since then, and this release adds it "
        "again.",
        fix="Nothing, if the card is wanted. To publish without one, remove `card` from hub.yaml.",
        level="warning",
    ),
    Code(
        "card.private_new_version",
        "A new version that readers cannot see",
        cause="`hublish deprecate` names a private repo as the new version of one that more people can read: the link "
        "in its card leads nowhere for them.",
        fix="Make the new repo public, with `visibility: public` in its hub.yaml.",
        level="warning",
    ),
    Code(
        "card.banner_replaced",
        "A banner that the next release removes",
        cause="`hublish deprecate` edits the README.md on the Hub, and the last release has that file from the "
        "artifacts: each release uploads it as it is. Only a card that hub.yaml declares is merged.",
        fix="Copy `new_version` and the banner into your README.md as well.",
        level="warning",
    ),
    Code(
        "card.front_matter",
        "Metadata that readers do not find",
        cause="README.md begins with metadata in a form that only some programs recognize: text or blank lines before "
        "the first `---`, a byte order mark, a dash too many, an end that is missing.",
        fix="Begin the file with a line `---`, then `key: value` lines, then a line `---`.",
        level="warning",
    ),
    Code(
        "card.two_metadata",
        "A template with metadata of its own",
        cause="The template of the card begins with a block of metadata between two `---` lines, and hublish writes "
        "the metadata of the card above the text. The second block would be shown as text.",
        fix="Move the values to `card.metadata` in hub.yaml, and delete the block in the template. Or remove `card`, "
        "so that an artifact uploads the file as it is.",
    ),
    Code(
        "card.twice",
        "Two files with the path of the card",
        cause="An artifact collects a README.md, and `card` renders one too; or an artifact collects a file of "
        "results that `card.evaluation` writes.",
        fix="Remove `card` to publish your own file, exclude the file under `patterns.ignore_patterns`, or write "
        "`template: README.md` under `card` to put the metadata above its text.",
        example="repo: {repo_id: acme/digits-mlp}\n"
        "artifacts:\n"
        "  - source: runs/best/model.safetensors\n"
        "  - {source: docs/README.md, path_in_repo: README.md}\n"
        "card: {metadata: {license: mit}}\n",
    ),
    Code(
        "card.picture",
        "A picture of the card without data or place",
        cause="`card.pictures` names a picture for which the release has no data, such as a training log, or which "
        "the template does not show.",
        fix="Release the data that the hint names, print `{{ pictures.NAME.markup }}` in the template, or remove the "
        "name from `card.pictures`.",
        level="warning",
        example="repo: {repo_id: acme/digits-mlp}\n"
        "artifacts: [{source: runs/best/model.safetensors}]\n"
        "card:\n"
        "  metadata: {license: mit}\n"
        "  pictures: [training]\n",
    ),
    Code(
        "card.picture_twice",
        "A file with the path of a picture of the card",
        cause="An artifact collects a file whose path in the repo is that of a picture that hublish draws.",
        fix="Rename the file, exclude it under `patterns.ignore_patterns`, or write `pictures: false` under `card` to "
        "publish only your own figures.",
    ),
    Code(
        "card.sdk",
        "Two SDKs for one Space",
        cause="The card names another SDK than `repo.space_sdk`. The Hub creates the Space with one and runs it with "
        "the other.",
        fix="Write the same SDK in both places.",
        level="warning",
        example="repo: {repo_id: acme/digits, repo_type: space, space_sdk: docker}\n"
        "artifacts: [{source: app/app.py}]\n"
        "card:\n"
        "  metadata: {license: mit, sdk: gradio}\n",
    ),
    Code(
        "card.library",
        "A library that is missing or contradicts the files",
        cause="`library_name` is not in the metadata, although the files show which library loads the model; or it "
        "names a library that cannot load these files. The Hub chooses the code snippet and the download counter by "
        "it.",
        fix="Write the `library_name` that the hint shows under `card.metadata`.",
        level="warning",
    ),
    Code(
        "card.task",
        "A task that is missing or contradicts the model",
        cause="`pipeline_tag` is not in the metadata, or contradicts the class of the model in config.json. The Hub's "
        "search and its widget depend on it.",
        fix="Write the `pipeline_tag` that the hint shows under `card.metadata`.",
        level="warning",
    ),
    Code(
        "card.downloads",
        "A model whose downloads are not counted",
        cause="The Hub counts a download when a certain file is requested, which depends on the library. The release "
        "has no file of that name.",
        fix="Add or rename a file as the hint shows it, or correct `library_name`.",
        level="warning",
    ),
)
