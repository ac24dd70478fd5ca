"""Quality measured on labelled sets: `python -m eval.retrieval`."""
