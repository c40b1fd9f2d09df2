"""Xet: the chunk-deduplicated content store that the client uploads to and downloads from by default.

    hashing         keyed BLAKE3 over chunks, and the trees over xorbs and files
    xorb_format     chunks packed into one body of up to 64 MiB: reading, decoding, indexing
    shard_format    lists of files (sent with an upload) and of known chunks (sent to a client)
    reconstruction  the byte ranges of xorbs that make up a file, or a range of it
    database        the known xorbs, chunks and files, in SQLite
    xorb_store      xorbs on disk
    content_store   all of these; files rebuilt into plain content by sha256
    tokens          short-lived access tokens and signed download addresses
    cas_routes      the HTTP calls

The formats are those of the Xet protocol specification in the Hub's documentation ("Xet Protocol
Specification": chunking, hashing, xorb format, shard format, CAS API), checked against hf_xet 1.8.0.
"""
