import io

import app as shelf
import pytest


class FakeS3:
    def __init__(self):
        self.objects = {}

    def put_object(self, Bucket, Key, Body, ContentType):
        self.objects[Key] = (Body, ContentType)

    def get_object(self, Bucket, Key):
        body, content_type = self.objects[Key]
        return {"Body": io.BytesIO(body), "ContentType": content_type}


@pytest.fixture
def client(monkeypatch):
    store = FakeS3()
    monkeypatch.setenv("BUCKET_NAME", "shelf")
    monkeypatch.setattr(shelf, "s3", lambda: store)
    monkeypatch.setattr(shelf, "make", lambda extension, idea: b"a boat sails")
    return shelf.app.test_client()


def test_a_text_is_put_on_the_shelf(client):
    assert client.post("/shelf/boat.txt", data={"idea": "a boat"}).status_code == 201
    assert client.get("/shelf/boat.txt").data == b"a boat sails"


def test_no_idea_no_file(client):
    assert client.post("/shelf/boat.txt", data={"idea": " "}).status_code == 400
