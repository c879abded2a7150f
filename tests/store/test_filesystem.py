from pathlib import Path

import pytest

from trackbook.store.filesystem import file_system_of, is_network_folder

MOUNTS = """\
22 28 0:21 / /proc rw,relatime shared:5 - proc proc rw
28 1 259:2 / / rw,relatime shared:1 - ext4 /dev/nvme0n1p2 rw
90 28 0:52 / /home rw,relatime shared:40 master:7 - nfs4 filer:/export/home rw,vers=4.2
91 90 0:53 / /home/me/scratch rw,relatime - xfs /dev/sdb1 rw
92 28 0:54 / /mnt/with\\040blank rw - cifs //server/share rw
93 28 0:55 / /lab rw - ext4 /dev/sdc1 rw
94 28 0:56 / /lab rw - fuse.sshfs me@host:/lab rw
a line that says nothing
"""


@pytest.mark.parametrize(
    ("folder", "kind", "network"),
    [
        ("/home/me/work", "nfs4", True),
        ("/home/me/scratch/x", "xfs", False),
        ("/homework", "ext4", False),
        ("/mnt/with blank/a", "cifs", True),
        ("/lab/a", "fuse.sshfs", True),  # mounted over the other one
        ("/proc", "proc", False),
        ("/", "ext4", False),
    ],
)
def test_the_deepest_mount_counts(folder: str, kind: str, network: bool) -> None:
    assert file_system_of(Path(folder), MOUNTS) == kind
    assert is_network_folder(Path(folder), MOUNTS) is network


def test_a_system_that_does_not_say_has_none() -> None:
    assert file_system_of(Path("/home"), "") == ""
    assert not is_network_folder(Path("/home"), "")


def test_this_machine_says_something_readable(tmp_path: Path) -> None:
    assert is_network_folder(tmp_path) in (True, False)
