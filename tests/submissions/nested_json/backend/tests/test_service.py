"""Fakes by dependency_overrides, an async client, and one test of the real store on moto's server."""

import base64
from types import SimpleNamespace

import boto3
import httpx
import openai
import pytest
from backend.service import Bucket, app, get_openai, get_store
from moto.server import ThreadedMotoServer

WEBP = b"RIFF\x00\x00\x00\x00WEBPVP8 "
pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend():
    return "asyncio"


class FakeOpenAI:
    def __init__(self):
        self.asked, self.error, self.answer = [], None, "A fox, in brief."
        self.chat = SimpleNamespace(completions=SimpleNamespace(create=self._chat))
        self.images = SimpleNamespace(generate=self._image)

    async def _chat(self, model, messages):
        self.asked.append(messages[-1]["content"])
        if self.error:
            raise self.error
        return SimpleNamespace(choices=[SimpleNamespace(message=SimpleNamespace(content=self.answer))])

    async def _image(self, model, prompt, output_format):
        self.asked.append(prompt)
        return SimpleNamespace(data=[SimpleNamespace(b64_json=base64.b64encode(WEBP).decode())])


class FakeStore(dict):
    def save(self, key, content, kind):
        self[key] = (content, kind)


@pytest.fixture
def fake():
    fake = FakeOpenAI()
    app.dependency_overrides[get_openai] = lambda: fake
    yield fake
    app.dependency_overrides.clear()


@pytest.fixture
def store():
    store = FakeStore()
    app.dependency_overrides[get_store] = lambda: store
    return store


def order(words="a fox", key="notes/fox.txt", form="prose"):
    return {"instruction": {"body": words}, "target": {"object_key": key, "format": form}}


async def post(body):
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        return await client.post("/jobs", json=body)


async def test_prose_is_kept(fake, store):
    answer = await post(order())
    assert answer.status_code == 201
    assert store == {"notes/fox.txt": (b"A fox, in brief.", "text/plain; charset=utf-8")}
    assert fake.asked == ["a fox"]


async def test_a_picture_is_kept(fake, store):
    answer = await post(order(key="fox.webp", form="picture"))
    assert answer.status_code == 201
    assert store == {"fox.webp": (WEBP, "image/webp")}


@pytest.mark.parametrize(
    "body", [order(words="  "), order(key="../x.txt"), order(key="a.webp"), {"target": {}}]
)
async def test_nonsense_is_refused(fake, store, body):
    assert (await post(body)).status_code == 422
    assert (fake.asked, store) == ([], {})


async def test_an_unreachable_openai_is_reported(fake, store):
    fake.error = openai.APIConnectionError(request=httpx.Request("POST", "http://x"))
    assert (await post(order())).status_code == 502
    assert store == {}


async def test_the_store_keeps_bytes_and_type():
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL", f"http://{host}:{port}")
        client = boto3.client("s3")
        client.create_bucket(Bucket="kept")
        Bucket("kept").save("a.txt", b"words", "text/plain")
        found = client.get_object(Bucket="kept", Key="a.txt")
        assert (found["Body"].read(), found["ContentType"]) == (b"words", "text/plain")
    server.stop()
