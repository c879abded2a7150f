"""Everything that touches disk or a database."""
