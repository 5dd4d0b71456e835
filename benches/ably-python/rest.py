"""Publishes and reads history with ably-python and tells what it cost.

`cargo xtask bench rest` runs it, with the Python of the environment that it makes.
"""

import asyncio
import json
import sys
import time

from ably import AblyRest


async def run(host, port, key, format, name, publishes, pages):
    client = AblyRest(
        key=key,
        use_token_auth=True,
        rest_host=host,
        port=int(port),
        tls=False,
        use_binary_protocol=format == "msgpack",
    )
    publishes, pages = int(publishes), int(pages)
    text = "x" * 100

    # Gets the token, and fills the page that is read below.
    history = client.channels.get(f"{name}-history")
    for _ in range(100):
        await history.publish("event", text)

    channel = client.channels.get(f"{name}-publish")
    start = time.process_time_ns()
    for _ in range(publishes):
        await channel.publish("event", text)
    publish_ns = time.process_time_ns() - start

    start = time.process_time_ns()
    read = 0
    for _ in range(pages):
        page = await history.history(limit=100)
        read += sum(len(message.data) for message in page.items)
    history_ns = time.process_time_ns() - start
    if read != pages * 100 * 100:
        sys.exit(f"read {read} bytes of text")
    print(json.dumps({"publish_ns": publish_ns, "history_ns": history_ns}))
    await client.close()


asyncio.run(run(*sys.argv[1:]))
