"""Usage: code that loads a release with the library that it is made for, pinned to its tag.

snippets.py          the choice of the library, and all snippets of a release
subject.py           the release as snippets see it, and literals in their code
transformers_use.py  transformers: a pipeline by task, and the model class
library_use.py       the other libraries of models, datasets, Spaces and kernels
"""
