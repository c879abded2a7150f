"""Foreign libraries and protocols, one module or folder each; all optional, none imported before it is asked for."""
