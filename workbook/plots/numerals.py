"""How numbers are written: raised powers of ten and true minus signs.

Owns the text of a number. Knows nothing of axes.
"""

from __future__ import annotations

SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def power_of_ten(exponent: int) -> str:
    """Ten to a whole power.

    >>> power_of_ten(-6)
    '10⁻⁶'
    """
    return "10" + str(exponent).translate(SUPERSCRIPT)


def scientific(value: float, digits: int = 0) -> str:
    """A number with a power of ten; a mantissa of 1 is left out.

    >>> scientific(2e-6), scientific(1e-300), scientific(-1.5e7, 1)
    ('2×10⁻⁶', '10⁻³⁰⁰', '−1.5×10⁷')
    """
    if value == 0:
        return "0"
    mantissa, exponent = f"{value:.{digits}e}".replace("-", "−", 1 if value < 0 else 0).split("e")
    power = power_of_ten(int(exponent))
    if float(mantissa.lstrip("−")) == 1:
        return power if value > 0 else f"−{power}"
    return f"{mantissa}×{power}"


def short(value: float) -> str:
    """A number in three digits.

    >>> short(0.25), short(-30.0), short(1e-9)
    ('0.25', '−30', '10⁻⁹')
    """
    if value == 0 or 1e-3 <= abs(value) < 1e5:
        return (
            f"{value:.3g}".replace("-", "−")
            if abs(value) < 1e3
            else (f"{value:.0f}".replace("-", "−"))
        )
    text = scientific(value, 2)
    return scientific(value) if float(f"{value:.2e}") == float(f"{value:.0e}") else text
