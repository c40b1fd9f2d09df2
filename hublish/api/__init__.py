"""The public verbs, one a file, named as they are called; `hublish/__init__.pyi` is the one table of public names."""
