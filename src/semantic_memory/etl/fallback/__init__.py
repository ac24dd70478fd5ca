"""Second choices, with the contract of `etl/extract/format.py`: tried when the format in `etl/extract` fails, dies or takes too long."""
