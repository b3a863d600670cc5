"""Nothing leaks: random conditions, nested, with errors and a body that meddles."""

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.conditions.observing import MEDDLING, observe
from workbook.conditions import Conditions
from workbook.devices import DEVICES, DTYPES, DeviceUnavailable


def some(values):
    """Draw one of the values, or nothing."""
    return st.none() | st.sampled_from(values)


CONDITIONS = st.builds(
    Conditions,
    seed=st.none() | st.integers(0, 2**32 - 1),
    dtype=some(DTYPES),
    device=st.sampled_from([row.name for row in DEVICES if row.name != "directml"]),
    threads=some([1, 2, 3]),
    mode=some(["train", "eval"]),
    grad=some(["grad", "no_grad", "inference"]),
    deterministic=some(["off", "warn", "on"]),
    cudnn_benchmark=some([False, True]),
    cudnn_deterministic=some([False, True]),
    cudnn_tf32=some([False, True]),
    matmul_precision=some(["highest", "high", "medium"]),
    fill_uninitialized=some([False, True]),
    default_dtype=some(DTYPES),
    flush_denormal=some([False, True]),
    batch_size=some([1, 8]),
    layout=some(["contiguous", "transposed", "channels_last"]),
)
FAULTS = st.sampled_from([None, None, ValueError, KeyboardInterrupt, SystemExit, GeneratorExit])


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(CONDITIONS, FAULTS, some(list(MEDDLING))), min_size=1, max_size=4))
def test_nothing_leaks_from_any_nesting(layers):
    """Random conditions, nested, with random errors and a meddling body, leave all as it was."""
    before = observe()

    def descend(depth):
        if depth == len(layers):
            return
        conditions, fault, act = layers[depth]
        around = observe()
        try:
            with conditions:
                descend(depth + 1)
                if act is not None:
                    MEDDLING[act]()
                if fault is not None:
                    raise fault(depth)
        except (DeviceUnavailable, ValueError, KeyboardInterrupt, SystemExit, GeneratorExit):
            pass
        assert observe() == around

    descend(0)
    assert observe() == before


@settings(max_examples=40, deadline=None)
@given(CONDITIONS)
def test_any_record_survives_json(conditions):
    """Every record that can be made is equal to its own JSON, read back."""
    assert Conditions.from_json(conditions.to_json()) == conditions
