"""Documents with known structure, and how well an extraction agrees with it: `python -m eval.extraction`."""
