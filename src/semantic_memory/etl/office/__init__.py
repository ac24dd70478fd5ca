"""Machinery of spreadsheets, slides and e-books: XML parts of an archive, number formats, grids of cells, shapes."""
