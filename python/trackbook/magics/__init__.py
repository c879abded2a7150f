"""`%track` and `%%track`: the IPython extension."""

from trackbook.magics.extension import load_ipython_extension, unload_ipython_extension

__all__ = ["load_ipython_extension", "unload_ipython_extension"]
