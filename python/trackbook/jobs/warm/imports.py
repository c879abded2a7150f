"""Imports of a template, watched: what they read, keep and change, so that a kernel can be given it as its own."""

import atexit
import contextlib
import gc
import io
import logging
import os
import site
import sys
import sysconfig
import warnings
from collections.abc import Callable, Iterable, Iterator
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from pathlib import Path
from types import FrameType, FunctionType, ModuleType
from typing import Any, NamedTuple

from trackbook.jobs.warm.hazards import new_hazards, process_state
from trackbook.jobs.warm.key import OWN_VARIABLES

# Variables that differ from session to session. Who lists all of them does so for others; Trackbook reads its own when
# it is used, not when it is imported.
_FLEETING = OWN_VARIABLES | {"_", "PWD", "OLDPWD", "SHLVL", "JPY_SESSION_NAME"}
_FLEETING_PREFIX = "TRACKBOOK_"
# multiprocessing's second name for the program, which kernels set to their own.
_MAIN = "__mp_main__"


class ModuleRefused(Exception):
    """A module whose import leaves behind what can't be given to a kernel; this process is of no use any more."""

    def __init__(self, module: str, reason: str) -> None:
        self.module, self.reason = module, reason
        super().__init__(f"{module} {reason}")


class Holder(NamedTuple):
    """A place that keeps a stream: a key of a dictionary, or the position among the defaults of a function."""

    owner: Any
    key: Any
    stream: str

    def give(self, stream: Any) -> None:
        """Have it keep another one."""
        if isinstance(self.owner, dict):
            self.owner[self.key] = stream
        else:
            defaults = list(self.owner.__defaults__)
            defaults[self.key] = stream
            self.owner.__defaults__ = tuple(defaults)


class WatchedImports:
    """Imports modules, and holds what a kernel that is forked from here has to do about them.

    `started` is the environment before. `read` are the variables that imports asked for, `set` those that they changed
    (None: took away), `exits` their exit handlers, `filters` their filters of warnings, `handlers` those of their
    loggers, by name, `streams` the places that keep stdout or stderr. `left_out` says which of the wanted modules
    were not imported, and why.
    """

    def __init__(self) -> None:
        self.read: set[str] = set()
        self.set: dict[str, str | None] = {}
        self.exits: list[tuple[Callable[..., Any], tuple[Any, ...], dict[str, Any]]] = []
        self.filters: list[Any] = []
        self.handlers: list[tuple[str | None, Any]] = []
        self.streams: list[Holder] = []
        self._stand_ins: list[_StandIn] = []
        self.left_out: dict[str, str] = {}
        self.is_over = False
        self.started = dict(os.environ)
        self._roots = allowed_roots()

    def perform(self, own: Iterable[str], modules: Iterable[str], refused: dict[str, str]) -> None:
        """Import `modules`, but for those that were refused before. Raises ModuleRefused for another one.

        `own` come first, and are known to be harmless.
        """
        filters, handlers = list(warnings.filters), list(logging._handlerList)  # type: ignore[attr-defined]
        with self._exit_handlers():
            for name in own:
                with contextlib.suppress(ImportError):  # of another version, or an extra that is not there
                    __import__(name)
        with _Shell() as shell, _Streams() as streams, self._exit_handlers():
            for module in modules:
                top = module.partition(":")[0].partition(".")[0]
                if module in refused:
                    self.left_out[module] = refused[module]
                elif (reason := self._reason_against(top)) is not None:
                    self.left_out[module] = reason
                else:
                    self._import_one(module, shell, streams)
        self.streams, self._stand_ins = streams.found, streams.stand_ins
        present = list(warnings.filters)
        added = len(present) - len(filters)
        if added > 0 and present[added:] == filters:
            self.filters = present[:added]
            set_filters(filters)
        self._keep_handlers(handlers)

    def give_back(self) -> None:
        """Do what the imports would have done in this process, a kernel: they are its own from here on."""
        for function, args, kwargs in self.exits:
            atexit.register(function, *args, **kwargs)
        for holder in self.streams:
            holder.give(getattr(sys, holder.stream))
        for stand_in in self._stand_ins:
            stand_in.close()  # garbage may hold it, which nobody collects
        if self.filters:
            set_filters([*self.filters, *warnings.filters])
        for name, reference in self.handlers:
            logging._handlerList.append(reference)  # type: ignore[attr-defined]
            if name is not None and (handler := reference()) is not None:
                logging._handlers[name] = handler  # type: ignore[attr-defined]
        if _MAIN in sys.modules:
            sys.modules[_MAIN] = sys.modules["__main__"]

    def _keep_handlers(self, before: list[Any]) -> None:
        # A kernel that begins configures logging, which closes all handlers that there are.
        present = logging._handlerList  # type: ignore[attr-defined]
        for reference in [one for one in present if one not in before]:
            handler = reference()
            if handler is not None:
                self.handlers.append((handler.get_name(), reference))
                logging._handlers.pop(handler.get_name(), None)  # type: ignore[attr-defined]
            present.remove(reference)

    def _import_one(self, module: str, shell: "_Shell", streams: "_Streams") -> None:
        before, known = process_state(), set(sys.modules)
        folder = os.getcwd()  # noqa: PTH109
        name, _, attribute = module.partition(":")
        try:
            __import__(name, {}, {}, [attribute] if attribute else [], 0)
        except BaseException:
            # The notebook will say so itself; what was imported on the way is what it would have been there.
            self.left_out[module] = "can't be imported"
        if shell.is_asked:
            raise ModuleRefused(module, "asks for the notebook's shell when it is imported")
        hazards = new_hazards(before, process_state())
        if hazards:
            gc.collect()  # what nobody holds any more may have it open
            hazards = new_hazards(before, process_state())
        for hazard in hazards:
            raise ModuleRefused(module, hazard)
        if streams.has_output():
            raise ModuleRefused(module, "prints when it is imported")
        if not streams.find_holders():
            raise ModuleRefused(module, "keeps the output of the process that imports it")
        if os.getcwd() != folder:  # noqa: PTH109
            raise ModuleRefused(module, "changes the working directory when it is imported")
        for other in set(sys.modules) - known:
            if other != _MAIN and not _lies_in(sys.modules.get(other), self._roots):
                raise ModuleRefused(module, f"imports {other}, which is no installed package and may change")

    def _reason_against(self, top: str) -> str | None:
        if top in sys.modules and top in sys.builtin_module_names:
            return None
        try:
            spec = find_spec(top)
        except (ImportError, ValueError, AttributeError):
            spec = None
        if spec is None:
            return "can't be imported"
        if not all(_is_under(place, self._roots) for place in _places(spec)):
            return "is no installed package, and may change"
        return None

    def note_changes(self) -> None:
        """Note how the environment differs from what it was."""
        present = dict(os.environ)
        for name in self.started.keys() | present.keys():
            if self.started.get(name) != present.get(name):
                self.set[name] = present.get(name)

    def watch_variables(self) -> "_Variables":
        """Return a context in which it is noted which environment variables are read."""
        return _Variables(self.read)

    def _exit_handlers(self) -> "_ExitHandlers":
        return _ExitHandlers(self)


def allowed_roots() -> list[str]:
    """Return the folders whose modules change only with the packages that are installed, and Trackbook's own."""
    paths = sysconfig.get_paths()
    roots = [paths[name] for name in ("stdlib", "platstdlib", "purelib", "platlib")]
    roots += package_folders()
    roots.append(str(Path(__file__).parents[2]))
    return sorted({os.path.realpath(root) + os.sep for root in roots} | {root + os.sep for root in roots})


def package_folders() -> list[str]:
    """Return the folders in which this interpreter's packages are installed."""
    paths = sysconfig.get_paths()
    found = [paths["purelib"], paths["platlib"], *site.getsitepackages()]
    if site.ENABLE_USER_SITE:
        found.append(site.getusersitepackages())
    return sorted(set(found))


def _places(spec: ModuleSpec) -> Iterator[str]:
    if spec.origin is not None and spec.origin not in ("built-in", "frozen"):
        yield spec.origin
    else:
        yield from spec.submodule_search_locations or ()


def _lies_in(module: ModuleType | None, roots: list[str]) -> bool:
    file = getattr(module, "__file__", None)
    return not isinstance(file, str) or not os.path.isabs(file) or _is_under(file, roots)  # noqa: PTH117


def _is_under(path: str, roots: list[str]) -> bool:
    return any((path + os.sep).startswith(root) for root in roots) or any(
        (os.path.realpath(path) + os.sep).startswith(root) for root in roots
    )


def set_filters(filters: list[Any]) -> None:
    """Make `filters` the filters of warnings."""
    with getattr(warnings, "_lock", contextlib.nullcontext()):
        warnings.filters[:] = filters  # type: ignore[index]  # typeshed takes it for read-only
        # Its name from Python 3.14 on, and before.
        for name in ("_filters_mutated_lock_held", "_filters_mutated"):
            if (tell := getattr(warnings, name, None)) is not None:
                tell()
                return


class _ExitHandlers:
    """Keeps exit handlers for the kernel, which has some of its own that come before them."""

    def __init__(self, imports: WatchedImports) -> None:
        self._imports = imports
        self._register = atexit.register

    def __enter__(self) -> None:
        def register(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Callable[..., Any]:
            if self._imports.is_over:  # a module that took this function with it
                return self._register(function, *args, **kwargs)
            self._imports.exits.append((function, args, kwargs))
            return function

        atexit.register = register  # type: ignore[assignment]

    def __exit__(self, *error: object) -> None:
        atexit.register = self._register
        self._imports.is_over = True


class _Shell:
    """Makes imports see what they see in a notebook, but for its shell: a stand-in answers the questions that it can.

    `is_asked`: it was asked for more, or is kept.
    """

    def __init__(self) -> None:
        self._asked: list[str] = []
        self._stand_in = _shell_stand_in(self._asked)
        self._references = 0

    @property
    def is_asked(self) -> bool:
        """Whether a module did more than to ask which kind of shell there is."""
        return bool(self._asked) or sys.getrefcount(self._stand_in) != self._references

    def __enter__(self) -> "_Shell":
        import builtins

        from IPython.core.interactiveshell import InteractiveShell

        InteractiveShell.initialized = classmethod(lambda cls: True)  # type: ignore[method-assign,assignment]
        InteractiveShell.instance = classmethod(lambda cls: self._stand_in)  # type: ignore[method-assign,assignment]
        builtins.get_ipython = lambda: self._stand_in  # type: ignore[attr-defined]
        builtins.__IPYTHON__ = True  # type: ignore[attr-defined]
        # As IPython's kernel sets them.
        sys.ps1, sys.ps2 = "In : ", "...: "
        self._references = sys.getrefcount(self._stand_in)
        return self

    def __exit__(self, *error: object) -> None:
        import builtins

        from IPython.core.interactiveshell import InteractiveShell

        del InteractiveShell.initialized
        del InteractiveShell.instance
        del builtins.get_ipython  # type: ignore[attr-defined]
        del builtins.__IPYTHON__  # type: ignore[attr-defined]
        del sys.ps1, sys.ps2


def _shell_stand_in(asked: list[str]) -> Any:
    """Return what says that it is the shell of a kernel, as libraries ask; other questions are noted in `asked`."""

    def __getattr__(self: Any, name: str) -> Any:  # noqa: N807
        asked.append(name)
        raise AttributeError(name)

    inside = type("Kernel", (), {"__getattr__": __getattr__, "__slots__": ()})
    kernel = inside()
    names = {"__getattr__": __getattr__, "__module__": "ipykernel.zmqshell", "__slots__": ()}
    names |= {"kernel": kernel, "config": {"IPKernelApp": {}}}
    return type("ZMQInteractiveShell", (), names)()


class _Variables:
    """Notes which environment variables are read."""

    def __init__(self, read: set[str]) -> None:
        self._read = read

    def __enter__(self) -> None:
        read = self._read
        self._class = os.environ.__class__

        class Watched(self._class):  # type: ignore[misc,name-defined]
            def __getitem__(self, key: str) -> str:
                if key not in _FLEETING and not key.startswith(_FLEETING_PREFIX):
                    read.add(key)
                return super().__getitem__(key)  # type: ignore[no-any-return]

            def __iter__(self) -> Iterator[str]:
                # Who lists them may take any of them.
                names = list(super().__iter__())
                read.update(
                    name for name in names if name not in _FLEETING and not name.startswith(_FLEETING_PREFIX)
                )
                return iter(names)

        os.environ.__class__ = Watched

    def __exit__(self, *error: object) -> None:
        os.environ.__class__ = self._class


class _Streams:
    """Stands in for stdout and stderr while modules are imported: says who prints, and who keeps them (`found`)."""

    def __init__(self) -> None:
        self.found: list[Holder] = []
        self._originals: dict[str, Any] = {}
        self._stand_ins: dict[str, _StandIn] = {}
        self._references: dict[str, int] = {}
        self._printed = 0

    def __enter__(self) -> "_Streams":
        for number, name in ((1, "stdout"), (2, "stderr")):
            self._originals[name] = getattr(sys, name)
            self._stand_ins[name] = _StandIn(io.FileIO(os.dup(number), "w"))
            setattr(sys, name, self._stand_ins[name])
        self._references = self._count()
        self._printed = self._written()
        return self

    def __exit__(self, *error: object) -> None:
        for name, original in self._originals.items():
            setattr(sys, name, original)
            self._stand_ins[name].flush()

    @property
    def stand_ins(self) -> "list[_StandIn]":
        """What stood in for the two."""
        return list(self._stand_ins.values())

    def has_output(self) -> bool:
        """Tell whether anything was printed, by Python or below it."""
        for stand_in in self._stand_ins.values():
            stand_in.flush()
        return self._written() > self._printed

    def find_holders(self) -> bool:
        """Look for who keeps one of the streams since the last look; False if a kernel can't be given its own there."""
        counts = self._count()
        if counts == self._references:
            return True
        self.found = []
        self._references = counts
        for name in self._stand_ins:
            holders = _holders_of(self._stand_ins[name], (sys.__dict__, self._stand_ins))
            if holders is None:
                return False
            self.found += [Holder(owner, key, name) for owner, key in holders]
        return True

    def _count(self) -> dict[str, int]:
        return {name: sys.getrefcount(self._stand_ins[name]) for name in ("stdout", "stderr")}

    def _written(self) -> int:
        return sum(os.fstat(number).st_size for number in (1, 2))


class _StandIn(io.TextIOWrapper):
    def __init__(self, raw: io.FileIO) -> None:
        super().__init__(io.BufferedWriter(raw), encoding="utf-8", errors="replace", line_buffering=True)


def _keys_of(names: dict[Any, Any], value: Any) -> list[Any]:
    return [key for key, other in names.items() if other is value]


def _holders_of(stream: Any, known: tuple[Any, ...]) -> list[tuple[Any, Any]] | None:
    """Return the dictionaries, and functions with defaults, that hold a stream; None if anything else does."""
    # `stream` must stay a plain local: as part of a comprehension it would be kept by a cell, and so be found.
    found: list[tuple[Any, Any]] = []
    for holder in gc.get_referrers(stream):
        if any(holder is other for other in known) or type(holder) is FrameType:
            continue
        if isinstance(holder, tuple):
            functions = [
                other
                for other in gc.get_referrers(holder)
                if type(other) is FunctionType and other.__defaults__ is holder
            ]
            if not functions:
                return None
            position = holder.index(stream)
            found += [(function, position) for function in functions]
            continue
        # An object whose attributes lie in no dictionary yet is found itself.
        names = holder if isinstance(holder, dict) else getattr(holder, "__dict__", None)
        keys = _keys_of(names, stream) if isinstance(names, dict) else []
        if not keys:
            return None
        found += [(names, key) for key in keys]
    return found
