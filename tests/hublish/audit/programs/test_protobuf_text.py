"""Operations that run Python are found in graphs as text, in every spelling of the format."""

import pytest

from hublish.audit.containers import carried_pickle
from hublish.formats.blob import MemoryBlob


@pytest.mark.parametrize(
    "text",
    [
        'node {\n  name: "a"\n  op: "EagerPyFunc"\n}\n',
        "node { op: 'PyFunc' }",
        "node < op: \"Py\" 'Func' >",
        'node { op: "\\120y\\x46unc" }',
        'node { op # a comment\n : # another "one"\n "PyFunc" }',
        '# a comment\nsaved_model_schema_version: 1\nmeta_graphs { graph_def { node { op: "WriteFile" } } }',
        "#" * 5000 + '\nlibrary { function { node_def { op: "ReadFile" } } }',
        'meta_graphs: [{ graph_def: { node: { op: "PyFunc" } } }]',
    ],
)
def test_an_operation_is_found(text: str) -> None:
    assert "a TensorFlow graph with the operation" in (carried_pickle(MemoryBlob(text.encode())) or "")


@pytest.mark.parametrize(
    "text",
    [
        'node { op: "Const" name: "PyFunc" }',
        'node { shop: "PyFunc" }',
        'A page: node { op: "PyFunc" }',
        "node_modules: op: 'PyFunc'",
        '{"op": "PyFunc"}',
    ],
)
def test_other_text_is_clean(text: str) -> None:
    assert carried_pickle(MemoryBlob(text.encode())) is None
