from __future__ import annotations

import os
import socket
import sys
from collections.abc import Mapping
from pathlib import Path

import psutil
import pytest

from tuimon.core.hardware import HostSample
from tuimon.hardware.host import ByteRates, HostProbe, physical_devices


def host_of(probe: HostProbe, now: float) -> HostSample:
    host = probe.sample(now).host
    assert host is not None
    return host


def test_the_host_agrees_with_the_system(tmp_path: Path) -> None:
    host = host_of(HostProbe(tmp_path), 1000.0)
    disk = os.statvfs(tmp_path)
    assert host.disk_total_bytes == disk.f_blocks * disk.f_frsize
    assert host.disk_free_bytes is not None
    assert 0 <= host.disk_free_bytes <= host.disk_total_bytes
    assert host.cpu_count == os.cpu_count()
    assert host.memory_total_bytes == os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    assert host.memory_used_bytes is not None
    assert 0 < host.memory_used_bytes < host.memory_total_bytes
    assert host.disk_path == str(tmp_path)


def test_differences_need_two_samples(tmp_path: Path) -> None:
    probe = HostProbe(tmp_path)
    first = host_of(probe, 1000.0)
    assert (first.cpu_pct, first.disk_read_bytes_per_s, first.net_sent_bytes_per_s) == (None, None, None)
    ticks = os.times()
    while os.times().user - ticks.user < 0.1:
        sum(range(10000))
    second = host_of(probe, 1001.0)
    assert second.cpu_pct is not None
    assert 0 < second.cpu_pct <= 100
    # Where the kernel shows no disks or interfaces there is no rate to have; elsewhere there is one.
    if psutil.net_io_counters(pernic=True):
        assert second.net_sent_bytes_per_s is not None
    third = host_of(probe, 1001.0)
    assert third.net_sent_bytes_per_s is None, "no time passed"


def test_loopback_is_no_network_traffic(tmp_path: Path) -> None:
    if set(psutil.net_io_counters(pernic=True)) <= {"lo"}:
        pytest.skip("this machine has no network interface but loopback")
    probe = HostProbe(tmp_path)
    host_of(probe, 1000.0)
    volume = 64 << 20
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        socket.create_connection(server.getsockname()) as sender,
        server.accept()[0] as receiver,
    ):
        for _ in range(volume >> 16):
            sender.sendall(bytes(1 << 16))
            assert len(receiver.recv(1 << 16, socket.MSG_WAITALL)) == 1 << 16
    rate = host_of(probe, 1001.0).net_sent_bytes_per_s
    assert rate is not None
    assert rate < volume / 2


def test_bytes_of_partitions_and_mapped_volumes_are_counted_once(tmp_path: Path) -> None:
    for disk in ("nvme0n1", "cciss!c0d0"):
        (tmp_path / disk / "device").mkdir(parents=True)
    (tmp_path / "dm-0").mkdir()
    names = ["nvme0n1", "nvme0n1p1", "cciss/c0d0", "dm-0", "loop0"]
    assert physical_devices(names, tmp_path) == ["nvme0n1", "cciss/c0d0"]
    assert physical_devices(["eth0"], tmp_path) == ["eth0"], (
        "a container's interface has no hardware of its own"
    )


def test_a_folder_that_does_not_exist_yet_counts_as_its_parent(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    expected = host_of(HostProbe(tmp_path), 1000.0).disk_total_bytes
    for path in (tmp_path / "not" / "yet", tmp_path / "file", tmp_path / "file" / "below"):
        assert host_of(HostProbe(path), 1000.0).disk_total_bytes == expected


def test_rates_are_differences_over_time() -> None:
    rates = ByteRates()
    assert rates.update(10.0, {"a": (100, 0), "b": (50, 7)}) == (None, None)
    assert rates.update(12.0, {"a": (300, 0), "b": (50, 17)}) == (100.0, 5.0)


@pytest.mark.parametrize(
    "later",
    [
        {"a": (99, 0), "b": (500, 0)},
        {"a": (500, 0)},
        {"a": (500, 0), "b": (500, 0), "c": (10**15, 0)},
        {},
        None,
    ],
    ids=["counter ran back", "interface vanished", "interface came", "all vanished", "unreadable"],
)
def test_a_difference_that_would_lie_is_none(later: Mapping[str, tuple[int, int]] | None) -> None:
    rates = ByteRates()
    rates.update(10.0, {"a": (100, 0), "b": (100, 0)})
    assert rates.update(11.0, later) == (None, None)


def test_no_rate_without_time_or_against_it() -> None:
    rates = ByteRates()
    rates.update(10.0, {"a": (0, 0)})
    assert rates.update(10.0, {"a": (5, 5)}) == (None, None)
    assert rates.update(3.0, {"a": (9, 9)}) == (None, None)
    assert rates.update(4.0, {"a": (10, 11)}) == (1.0, 2.0)


def test_a_failing_sensor_leaves_the_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_args: object, **_options: object) -> None:
        raise NotImplementedError("not on this kernel")

    for name in ("disk_io_counters", "net_io_counters", "cpu_times", "swap_memory", "getloadavg"):
        monkeypatch.setattr(psutil, name, fail)
    probe = HostProbe(tmp_path)
    host_of(probe, 1000.0)
    host = host_of(probe, 1001.0)
    assert (host.cpu_pct, host.load1, host.swap_used_bytes) == (None, None, None)
    assert (host.disk_write_bytes_per_s, host.net_received_bytes_per_s) == (None, None)
    assert host.memory_total_bytes is not None
    assert host.disk_total_bytes is not None


def test_without_psutil_there_is_one_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psutil", None)
    sample = HostProbe(tmp_path).sample(1000.0)
    assert sample.host is None
    assert "install psutil" in sample.problems[0]
