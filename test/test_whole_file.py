"""What is cut off while it is written leaves what was there."""

import pytest

from dreamitate_ros.whole_file import whole, write_whole


def test_what_fails_leaves_the_file_as_it_was(tmp_path):
    path = tmp_path / "take.json"
    write_whole(path, "first")
    with pytest.raises(OSError, match="disk full"), whole(path) as part:
        part.write_text("sec")
        raise OSError("disk full")
    assert path.read_text() == "first"
    assert list(tmp_path.glob("*.json")) == [path]


def test_what_ends_well_takes_its_place(tmp_path):
    path = tmp_path / "take.json"
    write_whole(path, "first")
    with whole(path) as part:
        part.write_text("second")
        assert path.read_text() == "first"
    assert path.read_text() == "second"
    assert list(tmp_path.iterdir()) == [path]
