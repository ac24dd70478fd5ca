"""Pages of a PDF → pieces of a document: what `etl/extract/pdf.py` is made of."""
