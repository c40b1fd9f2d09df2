"""From a seed and a number to an input: the same ones everywhere, so that any of them can be made again."""

from functools import lru_cache
from random import Random

from tests.fuzz.data_mutations import mutated_json
from tests.fuzz.inputs import Input, Kind
from tests.fuzz.mutations import mutated
from tests.fuzz.seeds import Seeds
from tests.fuzz.strategies import from_strategy

_DOCUMENTS = (Kind.LOCK, Kind.PLAN, Kind.RECEIPT, Kind.EVALUATION)


_FROM_ONE = 64
"""How many inputs in a row share a manifest of the schema to begin with: hypothesis takes 30 ms to make one."""


def manifest(seeds: Seeds, seed: int, number: int) -> Input:
    """Return one manifest: mutated seeds, manifests of the schema (mutated or not), and mere bytes."""
    rng = Random(f"manifest {seed} {number}")
    chance = rng.random()
    if chance < 0.55:
        return Input(Kind.MANIFEST, mutated(rng, rng.choice(seeds.standing), seeds.manifests), "standing, mutated")
    if chance < 0.83:
        return Input(Kind.MANIFEST, mutated(rng, rng.choice(seeds.manifests), seeds.manifests), "corpus, mutated")
    if chance < 0.84:
        return Input(Kind.MANIFEST, from_strategy(rng), "schema")
    if chance < 0.99:
        return Input(
            Kind.MANIFEST, mutated(rng, _of_schema(seed, number // _FROM_ONE), seeds.manifests), "schema, mutated"
        )
    return Input(Kind.MANIFEST, rng.randbytes(rng.randint(0, 300)), "bytes")


@lru_cache(maxsize=1)
def _of_schema(seed: int, number: int) -> bytes:
    return from_strategy(Random(f"schema {seed} {number}"))


def document(seeds: Seeds, seed: int, number: int) -> Input:
    """Return one lock, plan, receipt or evaluation file: a mutated one."""
    rng = Random(f"document {seed} {number}")
    kind = rng.choice(_DOCUMENTS)
    text = rng.choice(seeds.documents[kind])
    if rng.random() < 0.7:
        return Input(kind, mutated_json(rng, text), "document, values replaced")
    others = [other for texts in seeds.documents.values() for other in texts]
    return Input(kind, mutated(rng, text, others), "document, mutated")
