"""The network: magics and shell commands that need it (TB303), and what is read from it (TB304)."""

import ast
import re
from collections.abc import Iterator

from trackbook.domain.lint import Diagnostic
from trackbook.notebook.lint.cells import LintCell, LintNotebook
from trackbook.notebook.lint.syntax import calls_of, imported_names, literal, place

_INSTALLERS = frozenset(("pip", "conda", "mamba", "micromamba", "uv"))
_INSTALLING = frozenset(("install", "add", "update", "upgrade", "create", "sync", "download", "env"))
_START = r"(?:^|[;&|(]\s*|\b(?:sudo|time|nohup|env)\s+)"
_COMMAND = re.compile(
    _START + r"(?:"
    r"(?P<installs>(?:pip[\d.]*|(?:python[\d.]*|\{sys\.executable\}|\$\{?\w+\}?)\s+-m\s+pip|conda|mamba|micromamba|uv(?:\s+pip)?"
    r"|poetry|pipx|npm|yarn|brew|apt|apt-get|yum|dnf|apk|gem|cargo|R\s+-e)\s(?:-\S+\s+)*(?:install|add|update|upgrade|create|sync))"
    r"|(?P<downloads>wget|curl|aria2c|gdown|scp|sftp|ftp|rsync|ssh|ping"
    r"|git\s+(?:-\S+\s+\S+\s+)*(?:clone|pull|fetch|push|submodule|lfs)|hg\s+clone|svn\s+(?:co|checkout)"
    r"|kaggle\s+\w+|huggingface-cli\s+\w+|hf\s+download|aws\s+s3|gsutil|gcloud|az\s+storage|docker\s+(?:pull|push|run)|dvc\s+(?:pull|push))"
    r")\b"
)
# Commands after which files may be there that were not before.
DOWNLOADS = re.compile(
    r"\b(?:wget|curl|git|unzip|tar|gunzip|7z|kaggle|gdown|aws|gsutil|hf|huggingface-cli|dvc|cp|mv|python\d?|make|rsync|scp|touch|echo)\b|>"
)
_URL = re.compile(r"(?:https?|ftp|s3|gs|gcs|abfss?|hdfs)://\S")
_LOCAL = re.compile(r"https?://(?:localhost|127\.|0\.0\.0\.0|\[::1\])")
_REQUESTS = frozenset(("get", "post", "put", "patch", "head", "request", "stream"))
_FETCHING = frozenset(
    (
        "urllib.request.urlopen",
        "urllib.request.urlretrieve",
        "wget.download",
        "gdown.download",
        "pooch.retrieve",
    )
)
_SHELLS = frozenset(("os.system", "os.popen"))
_PROCESSES = ("subprocess.",)


def find_network(notebook: LintNotebook) -> Iterator[Diagnostic]:
    """Yield what needs the network."""
    names = imported_names(notebook)
    for cell in notebook.code:
        yield from _find_commands(cell)
        for call, function in calls_of(cell, names):
            first = call.args[0] if call.args else None
            text = literal(first)
            if function in _SHELLS or function.startswith(_PROCESSES):
                command = text if text is not None else _joined(first)
                if command and (found := _needs(command)):
                    yield cell.diagnose("TB303", _message(found), **place(cell, call))
            elif text is not None and _URL.match(text) and not _LOCAL.match(text) and _reads(function):
                shown = text if len(text) <= 60 else f"{text[:59]}…"
                yield cell.diagnose(
                    "TB304", f"`{_without_login(shown)}` is read from the network.", **place(cell, call)
                )


def _find_commands(cell: LintCell) -> Iterator[Diagnostic]:
    lines = cell.source.lines
    for magic in cell.source.magics:
        if magic.is_cell:
            if magic.name in ("bash", "sh", "script", "!", "system", "sx", "cmd"):
                for number, line in enumerate(lines[magic.line :], start=magic.line + 1):
                    if not line.lstrip().startswith("#") and (found := _needs(line)):
                        yield cell.diagnose(
                            "TB303",
                            _message(found),
                            line=number,
                            column=1,
                            end_line=number,
                            end_column=len(line) + 1,
                        )
            continue
        found = _needs(magic.words) if magic.name in ("!", "sx", "system") else ""
        if magic.name in _INSTALLERS and set(magic.words.split()) & _INSTALLING:
            found = f"%{magic.name} install"
        if found:
            end = len(lines[magic.line - 1]) + 1
            yield cell.diagnose(
                "TB303",
                _message(found),
                line=magic.line,
                column=magic.column,
                end_line=magic.line,
                end_column=end,
            )


def _needs(command: str) -> str:
    match = _COMMAND.search(command.strip())
    if match is None:
        return ""
    return " ".join((match["installs"] or match["downloads"]).split())


def _message(command: str) -> str:
    words = command.split()
    if words[-1] in _INSTALLING:
        return f"`{command}` changes the environment, and needs the network."
    return f"`{command}` needs the network."


def _joined(node: ast.expr | None) -> str:
    if not isinstance(node, (ast.List, ast.Tuple)):
        return ""
    words = []
    for word in node.elts:
        text = literal(word)
        words.append(text if text is not None else "python" if isinstance(word, ast.Attribute) else "_")
    return " ".join(words)


def _reads(function: str) -> bool:
    head, _, last = function.rpartition(".")
    if function in _FETCHING or last in (
        "read_csv",
        "read_parquet",
        "read_json",
        "read_html",
        "read_excel",
        "read_table",
    ):
        return True
    return last in _REQUESTS and head.partition(".")[0] in (
        "requests",
        "httpx",
        "aiohttp",
        "session",
        "client",
    )


def _without_login(url: str) -> str:
    return re.sub(r"://[^/@\s]*@", "://…@", url)
