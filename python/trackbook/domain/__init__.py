"""Plain frozen values and the rules between them; no input or output here."""
