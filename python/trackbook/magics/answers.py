"""The line under a cell that says what was recorded, as text and as HTML that takes its looks from the page."""

import time
from collections.abc import Callable
from html import escape

from IPython.core.interactiveshell import InteractiveShell
from IPython.display import display

from trackbook.domain.cell import NOTE
from trackbook.domain.ids import new_id
from trackbook.magics.kernel import is_kernel
from trackbook.views.markup import CODE_FONT, TEXT_FONT

_STYLE = f"{TEXT_FONT}; opacity: 0.85; white-space: pre-wrap"
_INTERVAL = 0.2


class Answers:
    """Shows lines. A line about the same thing takes the place of the one before it in the same cell: a metric in
    a loop has one line that moves, not a thousand. A line is kept in the notebook: `mask` takes secrets out of it.
    """

    def __init__(self, shell: InteractiveShell, mask: Callable[[str], str]) -> None:
        self._shell = shell
        self._mask = mask
        self._shown: dict[str, tuple[str, float]] = {}
        self._waiting: dict[str, str] = {}

    def say(self, text: str, topic: str | None = None, preformatted: bool = False) -> None:
        """Show `text`; with a `topic` in place of what the cell said about it before."""
        if topic is None:
            self._show(text, new_id(), False, preformatted)
            return
        identity, shown_at = self._shown.get(topic, (None, 0.0))
        if identity is None:
            identity = new_id()
            self._shown[topic] = (identity, time.monotonic())
            self._show(text, identity, False, preformatted)
        elif is_kernel(self._shell) and time.monotonic() - shown_at >= _INTERVAL:
            self._shown[topic] = (identity, time.monotonic())
            self._waiting.pop(topic, None)
            self._show(text, identity, True, preformatted)
        else:
            self._waiting[topic] = text

    def end_cell(self) -> None:
        """Show what is still to be shown; the next cell has lines of its own."""
        for topic, text in self._waiting.items():
            self._show(text, self._shown[topic][0], True)
        self._waiting.clear()
        self._shown.clear()

    def _show(self, text: str, identity: str, update: bool, preformatted: bool = False) -> None:
        style = _STYLE if not preformatted else f"{CODE_FONT}; white-space: pre"
        text = self._mask(text)
        bundle = {"text/plain": text, "text/html": f'<div style="{style}">{escape(text)}</div>'}
        display(bundle, raw=True, metadata=NOTE, display_id=identity, update=update)  # type: ignore[no-untyped-call]
