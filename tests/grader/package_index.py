"""A package index on loopback, of wheels made by hand: what an administrator's `UV_DEFAULT_INDEX` names."""

import base64
import hashlib
import io
import tarfile
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread


def wheel(
    name: str, version: str, files: Mapping[str, str] | None = None, requires: Sequence[str] = ()
) -> tuple[str, bytes]:
    """A wheel's file name and content; `files` are beside its own module, which knows its version."""
    record = f"{name}-{version}.dist-info"
    members = {f"{name}.py": f"version = {version!r}\n"} if files is None else dict(files)
    needs = "".join(f"Requires-Dist: {text}\n" for text in requires)
    members[f"{record}/METADATA"] = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{needs}"
    members[f"{record}/WHEEL"] = (
        "Wheel-Version: 1.0\nGenerator: hand\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    )
    rows = [f"{path},sha256={_digest(text)},{len(text.encode())}" for path, text in members.items()]
    members[f"{record}/RECORD"] = "\n".join([*rows, f"{record}/RECORD,,"]) + "\n"
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for path, text in members.items():
            archive.writestr(zipfile.ZipInfo(path), text)
    return f"{name}-{version}-py3-none-any.whl", out.getvalue()


def _digest(text: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()


def source(name: str, version: str, setup: str) -> tuple[str, bytes]:
    """A source distribution whose setup.py is `setup`."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as archive:
        for path, text in (
            ("setup.py", setup),
            ("PKG-INFO", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"),
        ):
            member = tarfile.TarInfo(f"{name}-{version}/{path}")
            member.size = len(text.encode())
            archive.addfile(member, io.BytesIO(text.encode()))
    return f"{name}-{version}.tar.gz", out.getvalue()


class Index:
    """What is served, by file name; `asked` are the packages that somebody asked for."""

    def __init__(self, *files: tuple[str, bytes]) -> None:
        self.files = dict(files)
        self.asked: list[str] = []
        self.url = ""

    def page(self, name: str) -> str | None:
        """The page of a project; None if there is none."""
        self.asked.append(name)
        found = [file for file in self.files if file.partition("-")[0].replace("_", "-") == name]
        links = [
            f'<a href="/files/{file}#sha256={hashlib.sha256(self.files[file]).hexdigest()}">{file}</a>'
            for file in found
        ]
        return f"<!DOCTYPE html><html><body>{''.join(links)}</body></html>" if found else None


@contextmanager
def served(index: Index) -> Iterator[Index]:
    """The index at an address of this computer, which is in `index.url`."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            kind, _, name = self.path.strip("/").partition("/")
            page = index.page(name) if kind == "simple" else None
            content = page.encode() if page else index.files.get(name) if kind == "files" else None
            self.send_response(404 if content is None else 200)
            self.send_header("Content-Type", "text/html" if page else "application/octet-stream")
            self.send_header("Content-Length", str(len(content or b"")))
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(content or b"")

        do_HEAD = do_GET  # noqa: N815 - the server's way to name methods

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        index.url = f"http://127.0.0.1:{server.server_port}/simple"
        yield index
        server.shutdown()
