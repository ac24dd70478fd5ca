"""Another process with a cache of its own: asks for one key many times at once, tells what it got.

Usage: python -m tests.store.cache.processes URL CALLS SECONDS_TO_MAKE [NAME]

It writes `ready`, waits for a line, writes `making` whenever it begins to make the result, and one line of JSON at the end.
"""

import asyncio
import json
import sys

from tests.store.cache.making import Note, key, shared_cache


async def main(url: str, calls: int, takes_s: float, name: str) -> None:
    times = 0

    async def make() -> Note:
        nonlocal times
        times += 1
        print("making", flush=True)
        await asyncio.sleep(takes_s)
        return Note(name)

    async with shared_cache(url) as cache:
        print("ready", flush=True)
        await asyncio.to_thread(sys.stdin.readline)
        found = await asyncio.gather(*[cache.get_or_make(key(), make) for _ in range(calls)])
        told = {"times": times, "values": sorted({one.value.text for one in found}), "late": cache.tiers[1].events["late"]}
    print(json.dumps(told), flush=True)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), sys.argv[4]))
