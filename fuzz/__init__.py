"""Coverage-guided fuzzing by hand and by night; the everyday fuzz tests are in `tests/fuzz`."""
