"""A meter that also keeps things: files, conversations, vector stores and batches, and charges for what is made of them."""

import json
from dataclasses import dataclass, field
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from tests.proxy.meter import OF_A_PICTURE, Meter, integer, measure

# dollars, written here by hand from OpenAI's price list
OF_A_SEARCH_OF_FILES = 0.0025
OF_A_GIGABYTE_AND_DAY = 0.1
DAYS = 7
IN_A_STORE = 4  # times as large as it is
PIECE = 800  # tokens of what a search of files finds
LONG_FOUND = 50


@dataclass
class KeepingMeter(Meter):
    """`ends`: how batches end; `does`: how many of their lines are answered; `shows`: whether answers are in the output file; `refuses`: how often it does not give a file."""

    kept: dict[str, Any] = field(default_factory=dict)
    ends: str = "completed"
    does: int = 10_000
    shows: bool = True
    counts: bool = True
    refuses: int = 0

    async def _answer(self, request: Request) -> Response:
        path = request.path_params["route"].split("/")
        kind, id, rest = (*path, "", "", "")[:3]
        if request.method == "GET":
            if kind == "files" and self.refuses:
                self.refuses -= 1
                return JSONResponse({}, 503)
            if kind == "files" and rest == "content" and id in self.kept:
                return Response(self.kept[id])
            known = self.kept.get(id)
            return JSONResponse(known) if isinstance(known, dict) else JSONResponse({}, 404)
        if kind == "files":
            async with request.form() as form:
                return JSONResponse({"id": self._keep("file", await form["file"].read())})
        if kind == "batches":
            return self._batch(json.loads(await request.body()))
        if kind == "conversations":
            body = json.loads(await request.body())
            return self._talk(id, rest, body)
        if kind == "vector_stores":
            return self._store(id, rest, json.loads(await request.body()))
        return await super()._answer(request)

    def _keep(self, prefix: str, thing: Any) -> str:
        id = f"{prefix}-{len(self.kept)}" if prefix == "file" else f"{prefix}_{len(self.kept)}"
        self.kept[id] = thing
        return id

    def _talk(self, id: str, rest: str, body: dict[str, Any]) -> Response:
        tokens, pictures = measure(body.get("items") or [])
        if not id:
            id = self._keep("conv", {})
        self.stored[id] = self.stored.get(id, 0) + tokens + OF_A_PICTURE * pictures
        items = [{"id": self._keep("msg", {})} for _ in body.get("items") or []]
        return JSONResponse({"object": "list", "data": items} if rest else {"id": id})

    def _store(self, id: str, rest: str, body: dict[str, Any]) -> Response:
        files = [*body.get("file_ids", []), *[each["file_id"] for each in body.get("files", [])]]
        files += [body["file_id"]] if "file_id" in body else []
        held = self.stored.get(id, 0) + sum(len(self.kept[each]) for each in files)
        made = id or self._keep("vs", {})
        self.stored[made] = held
        self.dollars += self._of_keeping(made)
        if rest == "search":
            queries = body["query"] if isinstance(body["query"], list) else [body["query"]]
            self.dollars += OF_A_SEARCH_OF_FILES * len(queries)
        named = made if not rest else self._keep("vsfb", {})
        return JSONResponse({"id": named})

    def _of_keeping(self, store: str) -> float:
        return self.stored.get(store, 0) * IN_A_STORE * DAYS * OF_A_GIGABYTE_AND_DAY / 1e9

    def _say(self, route: str, body: dict[str, Any]) -> Response:
        named = body.get("conversation")
        talk = named["id"] if isinstance(named, dict) else named
        tools = [tool for tool in body.get("tools") or [] if tool.get("type") == "file_search"]
        before = dict(body)
        if talk is not None:
            both = self.stored.get(talk, 0) + self.stored.get(str(body.get("previous_response_id")), 0)
            self.stored["both"] = both
            before["previous_response_id"] = "both"
        searches = integer(body.get("max_tool_calls"), 12) if tools else 0
        found = max((integer(tool.get("max_num_results"), LONG_FOUND) for tool in tools), default=0) * PIECE
        # what is found is read as input, like what a request says
        self.stored["both"] = self.stored.get(str(before.get("previous_response_id")), 0) + searches * found
        if tools:
            before["previous_response_id"] = "both"
        before["tools"] = [tool for tool in body.get("tools") or [] if tool not in tools]
        self.also = [{"type": "file_search_call", "id": f"fs_{at}"} for at in range(searches)]
        answer = super()._say(route, before)
        self.dollars += searches * OF_A_SEARCH_OF_FILES
        self.dollars += sum(self._of_keeping(id) for tool in tools for id in tool["vector_store_ids"])
        if talk is not None:
            self.stored[talk] = self.stored[f"resp_{len(self.bodies)}"]
        return answer

    def _batch(self, body: dict[str, Any]) -> Response:
        if "input_file_id" not in body:
            return JSONResponse({}, 404)
        lines = [json.loads(line) for line in self.kept[body["input_file_id"]].splitlines()]
        out, given, made = [], 0, 0
        for line in lines[: self.does]:
            before = self.dollars
            self.bodies.append(line["body"])
            answered = self._say(line["url"].removeprefix("/v1/"), line["body"])
            self.dollars = before + (self.dollars - before) / 2
            document = json.loads(bytes(answered.body))
            used = document.get("usage", {})
            given += used.get("prompt_tokens", used.get("input_tokens", 0))
            made += used.get("completion_tokens", used.get("output_tokens", 0))
            out.append({"custom_id": line["custom_id"], "response": {"status_code": 200, "body": document}})
        content = "".join(json.dumps(each) + "\n" for each in out).encode()
        id = self._keep("batch", {})
        self.kept[id] |= {"id": id, "status": self.ends}
        if self.shows and out:
            self.kept[id]["output_file_id"] = self._keep("file", content)
        if self.counts:
            self.kept[id]["request_counts"] = {"total": len(lines), "completed": len(out), "failed": 0}
        elif self.tells:
            self.kept[id]["usage"] = {"input_tokens": given, "output_tokens": made}
        return JSONResponse({"id": id, "status": "validating"})
