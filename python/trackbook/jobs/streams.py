"""What a cell prints, joined: pieces that follow each other are one output, as front ends show them."""

from typing import Any

from nbformat import NotebookNode

from trackbook.jobs.outputs import stream_of


class StreamJoiner:
    """Adds text to a cell's outputs. Pieces are joined only when asked: to join each would take their square."""

    def __init__(self) -> None:
        self._pieces: list[str] = []
        self._output: NotebookNode | None = None

    def add(self, outputs: list[NotebookNode], content: dict[str, Any]) -> None:
        """Add a piece of text to the last output if that is the same stream, else as a new one."""
        last = outputs[-1] if outputs else None
        if last is None or last is not self._output or last.name != content["name"]:
            self._flush()
            if last is not None and last.output_type == "stream" and last.name == content["name"]:
                self._output = last
                self._pieces = [last.text]
            else:
                self._output = stream_of(content["name"])
                outputs.append(self._output)
        self._pieces.append(content["text"])

    def settle(self, outputs: list[NotebookNode]) -> None:
        """See to it that the outputs hold all of their text."""
        if self._output is not None and any(output is self._output for output in outputs[-1:]):
            self._join()
        else:
            self._flush()

    def _flush(self) -> None:
        self._join()
        self._output, self._pieces = None, []

    def _join(self) -> None:
        if self._output is not None and len(self._pieces) > 1:
            self._pieces = ["".join(self._pieces)]
        if self._output is not None and self._pieces:
            self._output.text = self._pieces[0]
