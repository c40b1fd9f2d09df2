from hublish.hub.server.stores import Metadata, MetadataCache


def test_what_was_not_used_for_the_longest_time_is_forgotten() -> None:
    cache = MetadataCache(max_bytes=1000)
    long = Metadata({"text": "x" * 300}, ())
    for name in ("a", "b"):
        cache.put(("model", name), long)
    assert cache.get(("model", "a")) is long
    cache.put(("model", "c"), long)
    assert cache.get(("model", "b")) is None
    assert cache.get(("model", "a")) is cache.get(("model", "c")) is long
    assert cache.get(("dataset", "a")) is None


def test_metadata_larger_than_the_cache_is_not_kept() -> None:
    cache = MetadataCache(max_bytes=100)
    cache.put(("model", "a"), Metadata({"text": "x" * 300}, ()))
    assert cache.get(("model", "a")) is None
