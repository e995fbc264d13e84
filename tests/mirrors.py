"""A computer without data, and a web server to fetch them from.

    pytest_plugins = ["mirrors"]

    def test_a_download(cache, server):
        server.pages = {"/good/a.bin": b"..."}
        fetch(published(content, server.address("good")))
"""

import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest


@pytest.fixture
def cache(monkeypatch, tmp_path):
    """A computer without data: an empty cache folder, no $LOOPNET_DATA, no proxy in front of 127.0.0.1."""
    monkeypatch.delenv("LOOPNET_DATA", raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr("pooch.os_cache", lambda name: tmp_path / "cache" / name)
    return tmp_path / "cache" / "loopnet"


@pytest.fixture
def server():
    """A web server on this computer: the ``address`` of a folder, the ``pages`` it serves, the paths ``asked`` for."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            web.asked.append(self.path)
            self.send_response(200 if self.path in web.pages else 404)
            self.end_headers()
            self.wfile.write(web.pages.get(self.path, b""))

        def log_message(self, *_):
            pass

    class Web(HTTPServer):
        pages: dict[str, bytes] = {}
        asked: list[str] = []

        def address(self, folder):
            return f"http://127.0.0.1:{self.server_port}/{folder}/"

    with Web(("127.0.0.1", 0), Handler) as web:
        web.pages, web.asked = {}, []
        thread = threading.Thread(target=web.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield web
        web.shutdown()
        thread.join()
