"""What cells show, on its way to a log and to files, as papermill has it with `--log-output`."""

import logging
from typing import Any

from nbformat import NotebookNode


class OutputLog:
    """Writes outputs to a logger and to files for stdout and stderr; any of these may be None.

    What a cell prints is logged line by line, in whatever pieces it comes; files get it at once.
    """

    def __init__(self, logger: logging.Logger | None, stdout: Any, stderr: Any) -> None:
        self._logger = logger
        self._files = {"stdout": stdout, "stderr": stderr}
        self._begun: dict[str, str] = {}

    @property
    def is_wanted(self) -> bool:
        """Whether anything is to be written at all."""
        return self._logger is not None or any(file is not None for file in self._files.values())

    def add(self, output: NotebookNode) -> None:
        """Take an output."""
        if output.output_type == "stream":
            self._print(output.name, output.text)
        elif "text/plain" in output.get("data", {}):
            self.settle()
            if self._logger is not None:
                self._logger.info(output.data["text/plain"])

    def settle(self) -> None:
        """Log the lines that have begun: nothing more comes to them."""
        for name, text in self._begun.items():
            self._log(name, text)
        self._begun = {}

    def _print(self, name: str, text: str) -> None:
        if (file := self._files.get(name)) is not None:
            file.write(text)
            file.flush()
        if self._logger is not None:
            whole, end, rest = (self._begun.pop(name, "") + text).rpartition("\n")
            self._log(name, whole + end)
            if rest:
                self._begun[name] = rest

    def _log(self, name: str, text: str) -> None:
        if text and self._logger is not None:
            self._logger.log(logging.WARNING if name == "stderr" else logging.INFO, text)
