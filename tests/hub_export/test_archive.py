"""One file with the module at its root."""

import tarfile

from d3d_tf.hub_export.archive import archive_of, write_archive


def test_the_archive_of_a_module(exported):
    _, path = exported
    assert archive_of(path) == path.parent / "module-1.tar.gz"
    with tarfile.open(archive_of(path)) as tar:
        files = {m.name: m for m in tar.getmembers() if m.isfile()}
        for name, member in files.items():
            content = tar.extractfile(member).read()
            assert content == (path / name).read_bytes()
            assert (member.uid, member.mtime) == (0, 0)
    there = {f"./{p.relative_to(path)}" for p in path.rglob("*") if p.is_file()}
    assert files.keys() == there and "./saved_model.pb" in there


def test_the_same_files_give_the_same_bytes(tmp_path):
    archives = []
    for name in ("a", "b"):
        (tmp_path / name / "inner").mkdir(parents=True)
        (tmp_path / name / "inner/x").write_text("x")
        archives.append(tmp_path / f"{name}.tar.gz")
        write_archive(tmp_path / name, archives[-1])
    assert archives[0].read_bytes() == archives[1].read_bytes()
