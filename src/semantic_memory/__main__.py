"""`python -m semantic_memory`."""

from semantic_memory.cli.main import main

if __name__ == "__main__":
    main()
