"""Render the card: README.md from the manifest's metadata, variables and evaluation results.

render_card.py       the stage
card_template.py     the template, and the names that it can use
template_metadata.py a template's own front matter, of which a card has none
merge_card.py        the stage that merges README.md with the one on the Hub
existing_readme.py   a README that is published as it is written
references.py        files that a card or a configuration names, and the release does not contain
card_files.py        files that the card names, read only inside the manifest's folder
evaluation.py        evaluation results among them, of which hublish.cards.results knows the formats
leaderboard_files.py results for the leaderboards of benchmarks, and their files in the release
release_facts.py     the facts of the release, and the values of the files of `card.data`
pictures.py          pictures of training, evaluation, tensors and splits, and their files in the release
card_variables.py    the other names of variables, and those that a template does not print
hub_names.py         data for huggingface_hub's own templates
renderer.py          rendering within limits, a user's template in a child process
template_sandbox.py  Jinja2's sandbox, in the child process or in this one
escaping.py          values as Markdown text
"""
