"""Which folders lie on a network, where SQLite's write-ahead log and the system's own locks can't be relied on."""

from functools import lru_cache
from pathlib import Path, PurePosixPath

_NETWORK = frozenset(
    {
        "9p",
        "afs",
        "auristorfs",
        "beegfs",
        "ceph",
        "cifs",
        "coda",
        "davfs",
        "fuse.ceph",
        "fuse.davfs2",
        "fuse.gcsfuse",
        "fuse.glusterfs",
        "fuse.juicefs",
        "fuse.rclone",
        "fuse.s3fs",
        "fuse.sshfs",
        "fuse.weed",
        "gfs2",
        "glusterfs",
        "gpfs",
        "lustre",
        "ncpfs",
        "nfs",
        "nfs4",
        "ocfs2",
        "orangefs",
        "panfs",
        "pvfs2",
        "smb3",
        "smbfs",
        "wekafs",
    }
)


def is_network_folder(folder: Path, mountinfo: str | None = None) -> bool:
    """Tell whether a folder lies on a network file system; False where the system does not say.

    `mountinfo` is what Linux says in /proc/self/mountinfo.
    """
    kind = file_system_of(folder, mountinfo if mountinfo is not None else _mountinfo())
    return kind in _NETWORK


def file_system_of(folder: Path, mountinfo: str) -> str:
    """Return the type of the file system that holds a folder, empty if no mount is known for it."""
    path = PurePosixPath(folder)
    deepest, kind = -1, ""
    for line in mountinfo.splitlines():
        before, _, after = line.partition(" - ")
        fields, what = before.split(" "), after.split(" ")
        if len(fields) < 5 or not what[0]:
            continue
        point = PurePosixPath(_unescape(fields[4]))
        # Of several on one point the last one is seen.
        if path.is_relative_to(point) and len(point.parts) >= deepest:
            deepest, kind = len(point.parts), what[0]
    return kind


@lru_cache(maxsize=256)
def lies_on_network(folder: Path) -> bool:
    """Tell the same as `is_network_folder`, and remember it: a folder stays where it is."""
    return is_network_folder(folder.resolve())


def _mountinfo() -> str:
    try:
        return Path("/proc/self/mountinfo").read_text("utf-8", errors="surrogateescape")
    except OSError:
        return ""


def _unescape(text: str) -> str:
    for code, character in (("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")):
        text = text.replace(code, character)
    return text
