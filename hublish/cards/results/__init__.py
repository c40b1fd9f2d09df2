"""Results of evaluations: read from the files of evaluation tools, published in the forms of the Hub.

result.py         one result, and the value of one metric
recognition.py    from the bytes of a file to its results
plain_metrics.py  metrics alone: JSON, transformers' Trainer, scikit-learn, csv
harnesses.py      lm-evaluation-harness, lighteval, inspect-ai
model_index.py    the results in the front matter of a card, and for readers
leaderboards.py   `.eval_results/*.yaml`, for the leaderboards of benchmarks
metric_names.py   the ids of metrics on the Hub
selection.py      the task, the dataset and the metrics that a manifest chooses
"""
