"""nbval's sanitize file: what our comparison does not look at, nbval shall not look at either."""

from trackbook.notebook.results.noise import MASKS

# How `%track` answers: which run it is, whether it began or was joined, and how long it took.
_ANSWERS = (
    (r'<div style="font-family: var\(--jp-[^>]*>[^<]*</div>', "…"),
    (r"(?m)^(?:Run [0-9a-f]{8}\b|[^<>\n]{1,250} · [0-9a-f]{8}\b)[^<>\n]*$", "…"),
)


def sanitize_file() -> str:
    """Return the text of a file for `pytest --nbval --nbval-sanitize-with FILE`."""
    return "\n".join(
        f"[noise{number}]\nregex: {pattern}\nreplace: {text}\n"
        for number, (pattern, text) in enumerate((*MASKS, *_ANSWERS), start=1)
    )
