"""Files that are not pickles, whose loader unpickles a part of them or runs code from them.

The rule is `policy.pickle`, because the harm is the same: loading the file runs code that its author chose. Formats are
detected by their content. A file that only refers to code, which a person has to install or permit, is data.

recognition.py         tries every format on the bytes; the one entry
json_text.py           Keras configurations, pickles in base64, chat templates
yaml_text.py           tags of PyYAML that create Python objects
protobuf_messages.py   graphs of TensorFlow and their Keras metadata, ONNX
protobuf_text.py       graphs of TensorFlow as text
msgpack_arrays.py      arrays of Python objects in MessagePack
arrow_metadata.py      extension types and metadata of Arrow and Parquet
gguf_metadata.py       metadata of GGUF
templates.py           chat templates that leave Jinja's sandbox
"""
