"""Outputs made of what a kernel publishes, without nbformat's check of each: it would take longer than a tiny cell."""

from typing import Any

from nbformat import NotebookNode, from_dict

# What nbformat makes an output of, and the fields that it has then.
_FIELDS = {
    "execute_result": ("data", "metadata", "execution_count"),
    "display_data": ("data", "metadata"),
    "stream": ("name", "text"),
    "error": ("ename", "evalue", "traceback"),
}
_TYPES = {
    "data": dict,
    "metadata": dict,
    "name": str,
    "text": str,
    "ename": str,
    "evalue": str,
    "traceback": list,
}


def output_of(message: dict[str, Any]) -> NotebookNode | None:
    """Return the output that a message shows; None for a message that is no output, or is not as it should be."""
    content, kind = message["content"], message["msg_type"]
    if (names := _FIELDS.get(kind)) is None or not all(name in content for name in names):
        return None
    fields = {name: content[name] for name in names}
    if not all(isinstance(value, _TYPES.get(name, object)) for name, value in fields.items()):
        return None
    return from_dict({"output_type": kind, **fields})  # type: ignore[no-untyped-call,no-any-return]


def stream_of(name: str) -> NotebookNode:
    """Return an output for what is written to the stream `name`, without any text yet."""
    return NotebookNode(output_type="stream", name=name, text="")  # type: ignore[no-untyped-call]
