"""Where a data set's files come from when they are not here: $LOOPNET_DATA, the cache, mirrors, archives."""

import hashlib

import pytest
from small_data import NOWHERE, archived, packed, published, small_cifar10, write

from loopnet.datasets import DataError, cifar10
from loopnet.datasets.fetch import fetch

pytest_plugins = ["mirrors"]

CONTENT = {"a.bin": b"the first file", "b.bin": b"the second file"}


def test_files_in_loopnet_data_are_used_as_they_lie(cache, monkeypatch, tmp_path):
    write(tmp_path / "mine/set", CONTENT)
    monkeypatch.setenv("LOOPNET_DATA", str(tmp_path / "mine"))
    assert fetch(published(CONTENT, NOWHERE)) == {name: tmp_path / "mine/set" / name for name in CONTENT}
    assert not cache.exists()


def test_loopnet_data_goes_before_the_cache(cache, monkeypatch, tmp_path):
    write(tmp_path / "mine/set", {"a.bin": CONTENT["a.bin"]})
    write(cache / "set", CONTENT)
    monkeypatch.setenv("LOOPNET_DATA", str(tmp_path / "mine"))
    expected = {"a.bin": tmp_path / "mine/set/a.bin", "b.bin": cache / "set/b.bin"}
    assert fetch(published(CONTENT, NOWHERE)) == expected


def test_a_damaged_file_in_loopnet_data_is_named_with_both_sums(cache, monkeypatch, tmp_path):
    write(tmp_path / "set", CONTENT | {"b.bin": b"damaged"})
    monkeypatch.setenv("LOOPNET_DATA", str(tmp_path))
    with pytest.raises(DataError) as error:
        fetch(published(CONTENT, NOWHERE))
    assert str(tmp_path / "set/b.bin") in str(error.value)
    for data in (b"damaged", CONTENT["b.bin"]):
        assert hashlib.sha256(data).hexdigest() in str(error.value)
    assert (tmp_path / "set/b.bin").read_bytes() == b"damaged"  # the user's file is left alone


def test_a_download_is_kept_in_the_cache(cache, server):
    server.pages = {f"/good/{name}": data for name, data in CONTENT.items()}
    files = published(CONTENT, server.address("good"))
    for _ in range(2):  # the second time without a network
        paths = fetch(files)
        assert paths == {name: cache / "set" / name for name in CONTENT}
        assert {name: path.read_bytes() for name, path in paths.items()} == CONTENT
    assert server.asked == ["/good/a.bin", "/good/b.bin"]


@pytest.mark.parametrize("first", ["wrong bytes", "missing", "refused"])
def test_the_second_mirror_is_tried_when_the_first_fails(cache, server, first):
    server.pages = {f"/second/{name}": data for name, data in CONTENT.items()}
    if first == "wrong bytes":
        server.pages |= {f"/first/{name}": b"wrong" for name in CONTENT}
    mirror = NOWHERE if first == "refused" else server.address("first")
    paths = fetch(published(CONTENT, mirror, server.address("second")))
    assert {name: path.read_bytes() for name, path in paths.items()} == CONTENT
    assert [path for path in server.asked if "second" in path] == ["/second/a.bin", "/second/b.bin"]


def test_a_damaged_file_in_the_cache_is_fetched_again(cache, server):
    write(cache / "set", CONTENT | {"a.bin": b"damaged"})
    server.pages = {"/good/a.bin": CONTENT["a.bin"]}
    paths = fetch(published(CONTENT, server.address("good")))
    assert paths["a.bin"].read_bytes() == CONTENT["a.bin"]
    assert server.asked == ["/good/a.bin"]


def test_no_network_and_no_file_says_what_to_do(cache):
    with pytest.raises(DataError) as error:
        fetch(published(CONTENT, NOWHERE, NOWHERE + "other/"))
    message = str(error.value)
    assert message.count("127.0.0.1:9") == 3 and "ConnectionError" in message
    assert f"curl -fL --create-dirs --output-dir '{cache / 'set'}' --remote-name-all" in message
    assert f"'{NOWHERE}{{a.bin,b.bin}}'" in message
    assert f"the 2 files to {cache / 'set'}, or to set/ in $LOOPNET_DATA" in message
    assert "\n" not in message
    assert not (cache / "set/a.bin").exists()


def test_wrong_bytes_everywhere_leave_nothing_behind(cache, server):
    server.pages = {f"/{folder}/a.bin": b"wrong" for folder in ("first", "second")}
    with pytest.raises(DataError, match="first/: wrong SHA-256; .*second/: wrong SHA-256"):
        fetch(published({"a.bin": b"right"}, server.address("first"), server.address("second")))
    assert not list((cache / "set").iterdir())


# ---- an archive with all files in it


def test_an_archive_is_downloaded_unpacked_and_removed(cache, server):
    content = small_cifar10()
    archive = packed(content)
    server.pages = {"/good/set.tar.gz": archive}
    files = archived(content, archive, server.address("good"))
    for _ in range(2):  # the second time from the cache
        (x_train, y_train), (x_test, y_test) = cifar10.load_data(files)
    assert server.asked == ["/good/set.tar.gz"]
    assert x_train.shape == (10, 32, 32, 3) and y_train.ravel().tolist() == [0, 1] * 5
    assert x_train[3, 31, 31].tolist() == [11, 100, 200] and x_test[1, 5, 7].tolist() == [51, 100, 200]
    assert sorted(path.name for path in (cache / "set").rglob("*")) == sorted(["batches", *content])


def test_an_archive_that_the_user_has_is_used_and_kept(cache, monkeypatch, tmp_path):
    content = small_cifar10()
    archive = packed(content)
    write(tmp_path / "mine/set", {"set.tar.gz": archive})
    monkeypatch.setenv("LOOPNET_DATA", str(tmp_path / "mine"))
    paths = fetch(archived(content, archive, NOWHERE))
    assert paths == {name: cache / "set/batches" / name for name in content}
    assert (tmp_path / "mine/set/set.tar.gz").read_bytes() == archive


@pytest.mark.parametrize("fault", ["a link", "missing", "wrong bytes", "not an archive"])
def test_an_archive_that_is_not_what_it_should_be(cache, server, fault):
    content = small_cifar10()
    name = next(iter(content))
    others = {key: data for key, data in content.items() if key != name}
    archive = {
        "a link": packed(others, extra=(name,)),
        "missing": packed(others),
        "wrong bytes": packed(content | {name: b"wrong"}),
        "not an archive": b"text",
    }[fault]
    server.pages = {"/good/set.tar.gz": archive}
    with pytest.raises(DataError, match="set.tar.gz"):
        fetch(archived(content, archive, server.address("good")))
    assert not (cache / "set/batches" / name).exists()


def test_no_archive_and_no_network_says_what_to_do(cache):
    content = small_cifar10()
    with pytest.raises(DataError, match=r"--remote-name-all 'http://127.0.0.1:9/set.tar.gz' and copy the file to"):
        fetch(archived(content, packed(content), NOWHERE))
