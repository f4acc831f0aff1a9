"""Bodies on the wire: how much of one is read, and what becomes of one that comes without its length."""

from collections.abc import Mapping
from io import BytesIO
from typing import Any
from wsgiref.types import WSGIEnvironment

# In bytes, of whatever programs send.
MAX_BODY = 1024 * 1024


def measure(environ: WSGIEnvironment) -> None:
    """Give a body in chunks, or of HTTP/2, its length (RFC 9112, section 7.1.3): Django reads by Content-Length alone.

    Only where the server says that reading ends with the body (`wsgi.input_terminated`). Read is a byte more
    than is taken, which tells who judges the length that it is too long. Other requests are left as they are.
    """
    coding = environ.get("HTTP_TRANSFER_ENCODING", "chunked").lower()
    if environ.get("CONTENT_LENGTH") or coding != "chunked" or not environ.get("wsgi.input_terminated"):
        return
    body = environ["wsgi.input"].read(MAX_BODY + 1)
    environ.pop("HTTP_TRANSFER_ENCODING", None)
    environ |= {"CONTENT_LENGTH": str(len(body)), "wsgi.input": BytesIO(body)}


def is_unmeasured(headers: Mapping[str, Any]) -> bool:
    """Whether there is a body, but nobody knows where it ends; `headers` are those of a WSGI environment."""
    return "HTTP_TRANSFER_ENCODING" in headers and headers.get("CONTENT_LENGTH") in (None, "", "0")
