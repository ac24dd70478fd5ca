"""Left out by .gitignore: the word zanzibarquartz must never be found by a search."""

ZANZIBARQUARTZ = 1
