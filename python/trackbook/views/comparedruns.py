"""A comparison as a pandas table that is shown as a comparison."""

from typing import Any

import pandas as pd

from trackbook.services.tables import frame_of_comparison
from trackbook.views.comparison import ComparisonView


class ComparedRuns(pd.DataFrame):
    """What differs between runs as a pandas table, which is shown as a comparison to be read.

    Tables made from it are ordinary ones, and so is what it shows once it has been changed.
    """

    _view: ComparisonView
    _original: pd.DataFrame
    _metadata = ["_view", "_original"]

    @classmethod
    def of(cls, view: ComparisonView) -> "ComparedRuns":
        """Return the table of a comparison."""
        frame = frame_of_comparison(view.comparison)
        table = cls(frame)
        table._view, table._original = view, frame.copy()
        return table

    @property
    def _constructor(self) -> type[pd.DataFrame]:
        return pd.DataFrame

    @property
    def view(self) -> ComparisonView:
        """The comparison to be read, with environment, packages and cells."""
        return self._view

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str] | None:
        if pd.DataFrame(self).equals(self._original):
            return self._view.bundle()
        return None
