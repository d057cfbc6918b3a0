"""Goes on call with the Model Context Protocol's own client: `on_call.py GLYPHFALL LEVEL FOLDER`, or `on_call.py URL TOKEN`.

Lists the tools, calls each of them, and calls what must be refused. Prints one JSON object a line: what was called, whether it was refused,
and everything that came back.
"""
import asyncio
import json
import sys

from mcp import Client, StdioServerParameters
from mcp.client.streamable_http import create_mcp_http_client, streamable_http_client

EXAMPLES = {
    "situation": {}, "list_checks": {}, "catalogue": {}, "check": {"name": "pages-outside"},
    "logs": {"severity": "warn", "limit": 200}, "metrics": {}, "traces": {"failed": True, "limit": 5}, "changes": {"from": "-60m"},
    "hypothesis": {"text": "The cache waits for the content store."}, "wait": {"minutes": 1.5},
    "remedy": {"steps": [{"remedy": "restart-cache"}]},
}
REFUSED = [
    ("check", {"name": "the-answer"}), ("check", {"name": 7}), ("check", {}), ("wait", {"minutes": "soon"}), ("wait", {"minutes": 1e9}),
    ("remedy", {"steps": []}), ("remedy", {"steps": [{"remedy": "roll-back"}]}), ("remedy", {"steps": [{"remedy": "pray"}]}),
    ("explain", {"cause": "magic"}), ("hypothesis", {"text": ""}), ("logs", {"from": "yesterday"}), ("logs", {"surprise": True}),
]


def tell(called, refused, came):
    print(json.dumps({"called": called, "refused": refused, "came": came}), flush=True)


async def on_call(server):
    async with Client(server) as client:
        tell("initialize", False, [client.server_info.model_dump(mode="json"), client.instructions])
        tools = (await client.list_tools()).tools
        tell("list", False, [tool.model_dump(mode="json") for tool in tools])
        names = [tool.name for tool in tools]

        async def call(name, arguments):
            try:
                result = await client.call_tool(name, arguments)
            except Exception as error:
                tell(name, True, str(error))
                return None
            text = result.content[0].text
            tell(name, bool(result.is_error), text)
            return None if result.is_error else json.loads(text)

        # Every check of the level, once: all that there is to see is seen.
        catalogue = None
        for name in [name for name in names if name in EXAMPLES]:
            answer = await call(name, EXAMPLES[name])
            catalogue = answer if name == "catalogue" else catalogue
            for check in (answer or {}).get("checks", []):
                await call("check", {"name": check["name"]})
        for name, arguments in REFUSED:
            await call(name, arguments)
        await call("the_answer", {})
        cause, factor = catalogue["causes"][0]["id"], catalogue["factors"][0]["id"]
        await call("explain", {"cause": cause, "path": ["cache", "web-front"], "factors": [factor], "confidence": 0.5})
        await call("finish", {"input_tokens": 1, "output_tokens": 2})
        await call("situation", {})


async def main():
    first, *rest = sys.argv[1:]
    if first.startswith("http"):
        http = create_mcp_http_client(headers={"Authorization": f"Bearer {rest[0]}"})
        await on_call(streamable_http_client(first, http_client=http))
    else:
        level, folder = rest
        arguments = ["agent", "special-character", "--level", level, "--seed", "3", "--out", folder]
        await on_call(StdioServerParameters(command=first, args=arguments))


asyncio.run(main())
