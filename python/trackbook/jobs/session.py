"""Messages of a kernel read quickly: reading five of them must not take longer than a tiny cell."""

import logging
from datetime import datetime
from functools import cache
from hmac import compare_digest
from typing import Any

import msgspec
from jupyter_client.session import Session, json_packer
from traitlets import Any as AnyTrait

_decode = msgspec.json.decode
_encode = msgspec.json.encode


def _pack(part: Any) -> bytes:
    """Return a part of a message as JSON."""
    try:
        told = _encode(part)
        # NaN and infinities among them, of which Jupyter makes texts.
        return told if b"null" not in told else bytes(json_packer(part))
    # Lone surrogates, numbers of more than 64 bits and the like: Jupyter's own way knows them.
    except (msgspec.MsgspecError, UnicodeError, TypeError, OverflowError, ValueError):
        return bytes(json_packer(part))


class JobSession(Session):
    """A session that checks, reads and writes messages of today's protocol itself, and leaves others to its base."""

    pack: Any = AnyTrait(_pack)

    def deserialize(self, msg_list: Any, content: bool = True, copy: bool = True) -> dict[str, Any]:
        """Return the message in the frames behind the identities. Raises ValueError for one that is not signed well."""
        try:
            # Without `copy`, as kernels ask for it, they are frames of zmq.
            parts = msg_list if copy else [frame.bytes for frame in msg_list]
            signature, raw_header, raw_parent, raw_metadata, raw_content = parts[:5]
            header = _decode(raw_header)
            if not (content and str(header["version"]).startswith("5.")):
                raise LookupError
            told = _decode(raw_parent), _decode(raw_metadata), _decode(raw_content)
        # Lone surrogates, NaN, or another protocol: they are rare, and the slow way knows them.
        except (msgspec.MsgspecError, UnicodeError, LookupError, ValueError, TypeError):
            return super().deserialize(msg_list, content, copy)
        if self.auth is not None and not compare_digest(signature, self.sign(parts[1:5])):
            raise ValueError("A message of the kernel is not signed as it should be.")
        header["date"] = _moment(header.get("date"))
        return {
            "header": header,
            "msg_id": header["msg_id"],
            "msg_type": header["msg_type"],
            "parent_header": told[0],
            "metadata": told[1],
            "content": told[2],
            "buffers": [memoryview(part) for part in parts[5:]],
        }


def _moment(text: Any) -> Any:
    try:
        return datetime.fromisoformat(text)
    except (TypeError, ValueError):
        return text


@cache
def open_session() -> JobSession:
    """Return a session that signs nothing: nobody else can write into a pair of sockets. One does for all of them."""
    logger = logging.getLogger("traitlets")
    level = logger.level
    logger.setLevel(logging.ERROR)  # it warns of what is meant
    try:
        return JobSession(key=b"")
    finally:
        logger.setLevel(level)
