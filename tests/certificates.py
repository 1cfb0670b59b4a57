"""One set of trusted certificates for every HTTP client of a process.

httpx and httpx2 read the file of certificates for each client that is made, which takes 20 ms. Thousands of tests make a client or
two, and talk to this computer alone, without encryption.
"""

import os
import ssl
from collections.abc import Iterator
from typing import Any

import httpx
import httpx2
import pytest

_Context = ssl.SSLContext
_FROM_ENVIRONMENT = ("SSL_CERT_FILE", "SSL_CERT_DIR")


def _kept(create: Any) -> Any:
    """A function that creates a context, called once for each setting; what is not the default is created each time."""
    known: dict[tuple[Any, ...], _Context] = {}

    def context(verify: Any = True, cert: Any = None, trust_env: bool = True) -> _Context:
        if verify is not True or cert is not None:
            made: _Context = create(verify=verify, cert=cert, trust_env=trust_env)
            return made
        setting = (trust_env, *(os.environ.get(name) for name in _FROM_ENVIRONMENT))
        if setting not in known:
            known[setting] = create(verify=verify, cert=cert, trust_env=trust_env)
        return known[setting]

    return context


@pytest.fixture(scope="session", autouse=True)
def certificates_read_once() -> Iterator[None]:
    """For a `conftest.py` to import."""
    with pytest.MonkeyPatch.context() as patch:
        for library in (httpx, httpx2):
            transports = library._transports.default
            patch.setattr(transports, "create_ssl_context", _kept(transports.create_ssl_context))
        yield
