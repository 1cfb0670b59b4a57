"""Uploading, listing, viewing and deleting."""

import re

import pytest
from fastapi import HTTPException

NOTE = ("note.txt", b"hello", "text/plain")


@pytest.fixture
def uploaded(client) -> str:
    """The path of a file that is there."""
    path = "notes/today.txt"
    assert client.put(f"/v1/files/{path}", files={"file": NOTE}).status_code == 201
    return path


def test_an_uploaded_file_is_viewed_as_it_was(client, uploaded):
    answer = client.get(f"/v1/files/{uploaded}")
    assert (answer.status_code, answer.content, answer.headers["content-type"]) == (
        200,
        b"hello",
        "text/plain",
    )


def test_head_tells_size_and_type_without_the_content(client, uploaded):
    answer = client.head(f"/v1/files/{uploaded}")
    assert (answer.status_code, answer.content) == (200, b"")
    assert (answer.headers["content-length"], answer.headers["content-type"]) == ("5", "text/plain")


def test_a_second_upload_replaces_the_first(client, uploaded):
    client.put(f"/v1/files/{uploaded}", files={"file": ("note.txt", b"other", "text/plain")})
    assert client.get(f"/v1/files/{uploaded}").content == b"other"


def test_a_deleted_file_is_gone(client, uploaded):
    assert client.delete(f"/v1/files/{uploaded}").status_code == 204
    assert client.get(f"/v1/files/{uploaded}").status_code == 404
    assert client.delete(f"/v1/files/{uploaded}").status_code == 404


@pytest.mark.parametrize("method", ["get", "head", "delete"])
def test_a_missing_file_is_a_404(client, method):
    assert client.request(method, "/v1/files/no/such/file.txt").status_code == 404


def test_pages_follow_each_other_until_the_last(client):
    paths = [f"many/{number}.txt" for number in range(5)]
    for path in paths:
        client.put(f"/v1/files/{path}", files={"file": NOTE})
    seen, token = [], None
    for _ in range(3):
        query = {"directory": "many/", "page_size": 2} | ({"page_token": token} if token else {})
        page = client.get("/v1/files", params=query).json()
        seen += [file["file_path"] for file in page["files"]]
        token = page["next_page_token"]
    assert (seen, token) == (paths, None)


@pytest.mark.parametrize("query", [{"page_size": 0}, {"page_size": 101}, {"page_token": "%%%"}])
def test_a_list_refuses_what_makes_no_sense(client, query):
    assert client.get("/v1/files", params=query).status_code == 422


@pytest.mark.parametrize(
    "path", ["%2e%2e/secret.txt", "a//b.txt", ".hidden", "a/", "a/%2e%2e/b.txt", "x" * 513]
)
def test_an_unsafe_path_is_refused_and_nothing_is_stored(client, s3_mock, path):
    answer = client.put(f"/v1/files/{path}", files={"file": NOTE})
    assert answer.status_code == 422
    assert s3_mock.objects() == []


def test_a_file_that_is_too_large_is_refused(client, s3_mock, monkeypatch):
    monkeypatch.setattr(
        client.app.state, "settings", client.app.state.settings.model_copy(update={"max_upload_bytes": 4})
    )
    assert client.put("/v1/files/large.txt", files={"file": NOTE}).status_code == 413
    assert s3_mock.objects() == []


@pytest.mark.parametrize(
    ("method", "path"), [("get", "/v1/files"), ("get", "/v1/files/a.txt"), ("delete", "/v1/files/a.txt")]
)
def test_without_storage_the_answer_is_503_and_says_nothing_of_the_inside(client, s3_mock, method, path):
    s3_mock.fail("NoSuchBucket")
    answer = client.request(method, path)
    assert (answer.status_code, answer.json()["code"]) == (503, "storage_unavailable")
    assert s3_mock.bucket not in answer.text


def test_the_documentation_s_page_fetches_nothing_from_elsewhere(client):
    page = client.get("/docs").text
    addresses = re.findall(r'(?:src|href)="([^"]+)"', page)
    assert len(addresses) == 3
    assert all(client.get(address).status_code == 200 for address in addresses)


def test_an_unknown_address_is_answered_in_the_same_shape(client):
    answer = client.get("/nowhere").json()
    assert answer == {
        "code": "not_found",
        "message": "Not Found. The page /docs lists what this API offers.",
    }


def test_the_sentence_of_a_route_s_own_error_reaches_the_caller(client):
    @client.app.get("/only-text")
    def refuse() -> None:
        raise HTTPException(422, "A text needs a path that ends with .txt.")

    answer = client.get("/only-text")
    assert answer.status_code == 422
    assert answer.json()["message"] == "A text needs a path that ends with .txt."


def test_an_unexpected_error_says_nothing_of_the_inside(client):
    @client.app.get("/broken")
    def fail() -> None:
        raise RuntimeError("The database password is swordfish.")

    answer = client.get("/broken")
    assert (answer.status_code, answer.json()["code"]) == (500, "internal_error")
    assert "swordfish" not in answer.text
