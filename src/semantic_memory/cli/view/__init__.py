"""The page that `blocks --html` writes: what was read beside where it was read, in one file without any reference to the outside."""
