"""Files within files: their names, their bytes within limits, and what is refused of them."""
