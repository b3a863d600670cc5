"""Controls: what a reader may set in an experiment, with the values that are allowed.

Owns the kinds of control. Knows nothing of widgets: the explorer makes one widget for each kind, a
sweep and a test take `values()`. A control named like a field of Conditions sets that condition;
any other is handed to the measuring function.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from workbook.devices import rows

LARGEST_SEED = 2**32 - 1  # NumPy's legacy generator takes no larger one


class _Labeled:
    """Fills in the label (the name in words) and checks the opening value."""

    name: str
    opening: Any
    label: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "label", self.label or self.name.replace("_", " "))
        self.check(self.opening)

    def check(self, value: Any) -> Any:
        raise NotImplementedError


@dataclass(frozen=True)
class Choice(_Labeled):
    """One of a few values; `ordered` ones are shown on a slider, the others in a menu."""

    name: str
    opening: Any
    options: tuple[Any, ...]
    label: str = ""
    help: str = ""
    ordered: bool = False

    def values(self) -> Sequence[Any]:
        """List every allowed value."""
        return self.options

    def check(self, value: Any) -> Any:
        """Give the value back; ValueError names what is allowed."""
        for option in self.options:
            if type(option) is type(value) and option == value:
                return option
        allowed = ", ".join(map(str, self.options))
        raise ValueError(f"{self.name} is one of {allowed}; got {value!r}")


@dataclass(frozen=True)
class Integer(_Labeled):
    """A whole number from `low` to `high`, both included, in steps of `step` from `low`."""

    name: str
    opening: int
    low: int
    high: int
    step: int = 1
    label: str = ""
    help: str = ""

    def values(self) -> Sequence[int]:
        """Give at most nine values spread over the range, the ends and the opening among them."""
        every = range(self.low, self.high + 1, self.step)
        some = every[:: max(1, len(every) // 7)]
        return sorted({*some, every[-1], self.opening})

    def check(self, value: Any) -> int:
        """Give the value as int; ValueError or TypeError names what is allowed."""
        whole = _whole(self.name, value)
        on_step = (whole - self.low) % self.step == 0
        if self.low <= whole <= self.high and on_step:
            return whole
        steps = f" in steps of {self.step}" if self.step != 1 else ""
        raise ValueError(
            f"{self.name} is a whole number from {self.low} to {self.high}{steps}, got {value!r}"
        )


@dataclass(frozen=True)
class LogRange(_Labeled):
    """A whole power of `base`, from `base**low` to `base**high`; the value is the number itself."""

    name: str
    opening: int
    low: int
    high: int
    base: int = 10
    label: str = ""
    help: str = ""

    def values(self) -> Sequence[int]:
        """List every allowed value."""
        return tuple(self.base**power for power in range(self.low, self.high + 1))

    def check(self, value: Any) -> int:
        """Give the value as int; ValueError or TypeError names what is allowed."""
        whole = _whole(self.name, value)
        if whole in self.values():
            return whole
        allowed = f"a power of {self.base} from {self.base**self.low} to {self.base**self.high}"
        raise ValueError(f"{self.name} is {allowed}, got {value!r}")


@dataclass(frozen=True)
class Toggle(_Labeled):
    """On or off."""

    name: str
    opening: bool
    label: str = ""
    help: str = ""

    def values(self) -> Sequence[bool]:
        """List off and on."""
        return (False, True)

    def check(self, value: Any) -> bool:
        """Give the value back; ValueError names what is allowed."""
        if isinstance(value, bool):
            return value
        raise ValueError(f"{self.name} is True or False, got {value!r}")


@dataclass(frozen=True)
class Seed:
    """The seed of every generator. The slider shows 0 to 99; a call may use any allowed one."""

    opening: int = 0
    name: ClassVar[str] = "seed"
    label: ClassVar[str] = "seed"
    help: ClassVar[str] = "seeds torch, NumPy and random before the measurement"
    shown: ClassVar[range] = range(100)

    def values(self) -> Sequence[int]:
        """Give five seeds and the opening one."""
        return sorted({0, 1, 2, 3, 4, self.opening})

    def check(self, value: Any) -> int:
        """Give the seed as int; ValueError or TypeError names what is allowed."""
        whole = _whole(self.name, value)
        if 0 <= whole <= LARGEST_SEED:
            return whole
        raise ValueError(f"seed is a whole number from 0 to {LARGEST_SEED}, got {value!r}")


class _Offered:
    """Offers a few names, and checks that a value is one of them."""

    name: ClassVar[str]
    options: tuple[str, ...]

    def values(self) -> Sequence[str]:
        """List every name offered; a device may be absent on this machine."""
        return self.options

    def check(self, value: Any) -> str:
        """Give the name back; ValueError names what is allowed."""
        if value in self.options:
            return str(value)
        raise ValueError(f"{self.name} is one of {', '.join(self.options)}; got {value!r}")


@dataclass(frozen=True)
class Dtype(_Offered):
    """A number format by its torch name, such as float32."""

    opening: str = "float32"
    options: tuple[str, ...] = ("float64", "float32", "bfloat16", "float16")
    name: ClassVar[str] = "dtype"
    label: ClassVar[str] = "dtype"
    help: ClassVar[str] = "the number format of the arithmetic"

    def __post_init__(self) -> None:
        self.check(self.opening)


@dataclass(frozen=True)
class DeviceChoice(_Offered):
    """A device by name. Every known name is allowed; an absent one is refused when it is used."""

    opening: str = "cpu"
    options: tuple[str, ...] = field(default_factory=lambda: tuple(r.name for r in rows.DEVICES))
    name: ClassVar[str] = "device"
    label: ClassVar[str] = "device"
    help: ClassVar[str] = "where the measurement runs"


Control = Choice | Integer | LogRange | Toggle | Seed | Dtype | DeviceChoice


def _whole(name: str, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{name} is a whole number, got {value!r}")
    return value
