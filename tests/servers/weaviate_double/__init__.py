"""A double of Weaviate's server: the part of its REST and gRPC interfaces that the adapters use, as its API and sources (1.38) describe it.

`python -m tests.servers.weaviate_double` forks a server for each line of JSON on its standard input, so that only the first start pays
for the imports. What is acknowledged is in SQLite and outlives kill -9. Vector searches are exact; BM25 is computed as Weaviate does, per
tenant. Like the real one it *makes* a class that rows are sent to but that it lacks, without tenants and with types that it guesses.
"""
