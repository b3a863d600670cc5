"""Devices: what can compute here, which dtypes it has, and in plain words why the rest is absent.

Owns the table of devices, the check of DirectML in a process of its own, and the facts about this
machine. It may not know any experiment, condition or result.
"""

from workbook.devices.directml import OUTCOMES, Adapters, probe
from workbook.devices.facts import machine
from workbook.devices.rows import (
    DEVICES,
    DTYPES,
    Device,
    DeviceUnavailable,
    computes,
    device,
    forget,
    here,
)

__all__ = [
    "DEVICES",
    "DTYPES",
    "OUTCOMES",
    "Adapters",
    "Device",
    "DeviceUnavailable",
    "computes",
    "device",
    "forget",
    "here",
    "machine",
    "probe",
]
