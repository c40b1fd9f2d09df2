"""Facts: statements about a release that can be computed again from its files.

fact.py                 one fact, and the facts of a release as plain data for templates
derive_facts.py         all facts of a release
source_files.py         the files that facts are read from, within limits
model_weights.py        parameters, tensors and memory, from the headers of weights
other_weights.py        the same from GGUF, ONNX, Keras and NumPy files
quantized_counts.py     the parameters in packed tensors, as the Hub counts them
model_configuration.py  architecture, sizes, context length and versions of libraries, from configuration files
lineage.py              license, base models, datasets and languages
training_log.py         duration, best and last values, and curves; the names of logs, and the runs of TensorBoard
hyperparameters.py      parameters of the training run
dataset_tables.py       columns, configs, splits and rows of a dataset
release_state.py        files, git commit, and changes since the last release
"""
