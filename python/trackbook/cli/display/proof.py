"""What running the original and the cleaned notebook showed, as `trackbook clean --prove` prints it."""

from collections.abc import Iterator

from rich.text import Text

from trackbook.domain.difference import Difference
from trackbook.domain.formatting import format_duration, plain_text
from trackbook.domain.proof import Proof


def proof_sections(proof: Proof) -> Iterator[Text]:
    """Yield what differs, cell by cell."""
    for cell in proof.cells:
        yield Text(f"  cell {cell.cell} gives another result", "bold red")
        yield from map(_difference, cell.differences)
    if proof.metrics:
        yield Text("  metrics differ", "bold red")
        yield from map(_difference, proof.metrics)


def proof_summary(proof: Proof) -> str:
    """Return the verdict as sentences."""
    cells = "1 cell" if proof.compared == 1 else f"{proof.compared:,} cells"
    told = {
        "equal": f"cleaning changes no result; {cells} compared in {format_duration(proof.seconds)}.",
        "unsteady": f"cleaning is not seen to change a result; {cells} compared in {format_duration(proof.seconds)}.",
        "changed": "cleaning changes results.",
        "reordered": (
            "from top to bottom the notebook itself gives other results than in the order in which it was executed; "
            "cleaning does not change that. Run it from top to bottom, and clean it then."
        ),
    }[proof.verdict]
    if proof.failure is not None and proof.holds:
        told = (
            f"nothing is proven beyond the cell in which the original itself fails ({plain_text(proof.failure)}); "
            "up to there cleaning is not seen to change a result, "
            f"{cells} compared in {format_duration(proof.seconds)}."
        )
    parts = [told]
    if proof.unsteady:
        which = ", ".join(map(str, proof.unsteady))
        noun, verb = ("Cell", "gives") if len(proof.unsteady) == 1 else ("Cells", "give")
        parts.append(
            f"{noun} {which} of the notebook itself {verb} different results each time, so nothing is proven of them."
        )
    if proof.unsteady_metrics:
        parts.append(f"So do the metrics {', '.join(proof.unsteady_metrics)}.")
    if proof.failure is not None and not proof.holds:
        parts.append(f"The original itself fails ({plain_text(proof.failure)}); it was compared up to there.")
    return " ".join(parts)


def _difference(difference: Difference) -> Text:
    text = Text(f"    {plain_text(difference.message)}\n")
    if difference.expected:
        text.append(f"      - {plain_text(difference.expected)}\n", "red")
    if difference.actual:
        text.append(f"      + {plain_text(difference.actual)}\n", "green")
    text.rstrip()
    return text
