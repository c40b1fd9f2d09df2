"""`hublish init`: draft a commented hub.yaml for the files of a folder or Hub repo.

listing.py         the files, and the small ones that describe the rest
draft.py           detect the repo type, outline the release, write it, read it back
model.py           outline of a model: model_weights.py, model_facts.py (library, task, own code)
dataset.py         outline of a dataset
space.py           outline of a Space
card_facts.py      README and license
card_content.py    what a model's card shows: measured_results.py, training_runs.py, figures.py, stated_values.py
file_roles.py      roles of files by their names
parts.py           the values of an outline
repo_name.py       the repo_id
manifest_fields.py from an outline to the fields of a manifest
source_globs.py    from files to the `source` entries that collect them
commented_yaml.py  from fields to YAML
"""
