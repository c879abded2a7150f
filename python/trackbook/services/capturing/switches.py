"""Which captures this process has switched on or off by hand, or for a fault; settings say the rest."""

_on: set[str] = set()
_off: set[str] = set()


def switch_off(name: str) -> None:
    """Record nothing more of this kind in this process."""
    _off.add(name)
    _on.discard(name)


def switch_on(name: str) -> None:
    """Record this kind in this process, whatever the settings say."""
    _on.add(name)
    _off.discard(name)


def is_off(name: str) -> bool:
    """Tell whether this kind was switched off in this process."""
    return name in _off


def is_wanted(name: str, settings: frozenset[str]) -> bool:
    """Tell whether this kind is recorded where `settings` name what is."""
    return name not in _off and (name in settings or name in _on)
