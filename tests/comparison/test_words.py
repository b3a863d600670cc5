"""The word of a comparison: what is rounding, what is doubtful, and what a bound cannot see.

The second half holds data for which the rule says a wrong word, with the word and the reason.
"""

import dataclasses
import json
import math

import numpy as np
import pytest
import torch

from workbook.bounds import Bound, elementwise_bound, matmul_bound, mean_bound, sum_bound
from workbook.comparison import Comparison, compare, error_of

TWO = Bound(4.0, "two limits", "given", likely=2.0, scale=1000.0, terms=100)


def one(x):
    """A tensor of one number."""
    return torch.tensor([float(x)])


def chain(x):
    """Add one after another, in the format of x, by NumPy."""
    return torch.tensor(np.add.accumulate(x.numpy())[-1])


def judged(actual, expected, *bounds):
    """Compare two results, each with its bound, or both with one."""
    return compare(actual, expected, bound=bounds[0] + bounds[-1])


@pytest.mark.parametrize(
    "difference, word",
    [(0, "identical"), (2, "rounding"), (2.5, "doubtful"), (4, "doubtful"), (4.5, "wrong")],
)
def test_words(difference, word):
    """Up to the likely limit it is rounding, up to the certain one doubtful, beyond it wrong."""
    result = compare(one(10 + difference), one(10), bound=TWO)
    assert (result.verdict, result.bound_used) == (word, difference / 4)
    assert result.likely_used == difference / 2
    assert result.within == (word in ("identical", "rounding"))


@pytest.mark.parametrize("shape", [(), (3,), (2, 3)])
def test_each_element_by_its_own_limits(shape):
    """One element beyond its likely limit makes the whole doubtful, wherever the limits live."""
    limit = torch.full((3,), 4.0, dtype=torch.float64)
    bound = Bound(limit, "x", "given", torch.tensor([2.0, 1.0, 2.0]).double(), limit * 100, 9)
    expected = torch.zeros(shape or (3,))
    assert compare(expected + 1, expected, bound=bound).verdict == "rounding"
    assert compare(expected + 1.5, expected, bound=bound).verdict == "doubtful"


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_range(dtype):
    """Infinity or NaN against a number has left the range of the format, named with its end."""
    a = torch.tensor([1.0, math.inf, math.nan], dtype=dtype)
    result = compare(a, torch.ones(3, dtype=dtype), bound=TWO)
    assert (result.verdict, result.incomparable, result.within) == ("left the range", 2, False)
    assert f"({torch.finfo(dtype).max:.6g})" in result.sentence()
    assert compare(a, a.clone(), bound=TWO).verdict == "identical"


def test_range_beside_what_is_wrong():
    """A finite fault is not excused by an overflow beside it."""
    a, b = torch.tensor([math.inf, 9.0]), torch.tensor([1.0, 1.0])
    assert compare(a, b, bound=TWO).verdict == "wrong"
    assert "beyond the limit 4 (two limits)" in compare(a, b, bound=TWO).sentence()
    assert compare(a, b).verdict == "wrong"
    assert compare(a[:1], b[:1]).verdict == "left the range"


def test_unseen():
    """What else may hide is the difference and the certain limit together, counted in terms."""
    result = compare(one(11), one(10), bound=TWO)
    assert (result.unseen, result.unseen_share, result.terms) == (5.0, 0.005, 100)
    words = "a fault below 5 could hide here, but not the loss of one element of mean size"
    assert result.unseen_words() == words
    assert result.sentence().endswith(f"; {words}.")


def test_unseen_is_rounded_up():
    """The printed limit is never below the real one, and elements are counted in whole ones."""
    bound = Bound(2.21, "x", "given", scale=1000.0, terms=1000)
    words = compare(one(11), one(10), bound=bound).unseen_words()
    lost = "such as the loss of 3 elements of mean size"
    assert words == f"a fault below 3.3 could hide here, {lost}"


@pytest.mark.parametrize("limit, lost", [(0.0, 0), (1.0, 0), (1.01, 1), (2.5, 2), (1e4, 1000)])
def test_a_term_that_could_be_lost(limit, lost):
    """As many terms of mean size may be missing as stay below limit and difference together."""
    bound = Bound(limit, "x", "given", scale=1000.0, terms=1000)
    assert compare(one(10), one(10), bound=bound).may_lack == lost
    assert compare(one(10), one(10), bound=Bound(limit, "x", "given")).may_lack == 0


def test_a_large_blind_spot_comes_first():
    """Where a whole term could be missing, the sentence says so before anything else."""
    bound = Bound(20.0, "x", "given", scale=1000.0, terms=1000)
    said = compare(one(11), one(10), bound=bound).sentence()
    lost = "though a fault below 21 could hide here, such as the loss of 20 elements of mean size"
    assert said.endswith(f"Rounding, {lost}: at most 0.05 of the limit 20 (x).")


@pytest.mark.parametrize("terms, what", [(1000, "all 1,000 products"), (1, "the whole result")])
def test_unseen_may_be_everything(terms, what):
    """A bound beyond the sum of all sizes says that all of it could be missing, and no count."""
    bound = Bound(2000.0, "x", "given", scale=1000.0, terms=terms, term="product")
    words = compare(one(11), one(10), bound=bound).unseen_words()
    assert words.endswith(f"could hide here, such as the loss of {what}")


def test_unseen_of_elements():
    """With a limit for each element, the greatest and the greatest share are kept."""
    limit, scale = torch.tensor([1.0, 2.0]).double(), torch.tensor([10.0, 400.0])
    bound = Bound(limit, "x", "given", None, scale, 10)
    result = compare(torch.tensor([5.0, 5.0]), torch.tensor([5.0, 6.0]), bound=bound)
    assert (result.unseen, result.unseen_share) == (3.0, 0.1)


def test_unseen_without_a_bound():
    """Without a bound every bit is seen."""
    assert compare(one(1), one(2)).unseen_words() == ""
    assert compare(one(1), one(2)).unseen is None


def test_unseen_in_json():
    """All of it goes through JSON; data written before it was known is read too."""
    result = compare(one(11), one(10), bound=TWO)
    data = json.loads(json.dumps(result.to_json(), allow_nan=False))
    assert Comparison.from_json(data) == result
    old = {name: data[name] for name in data if name not in ("unseen", "likely_used", "terms")}
    assert Comparison.from_json(old) == dataclasses.replace(
        result, unseen=None, likely_used=None, terms=None
    )


def test_doubtful_sentence():
    """A doubtful difference says what can be done."""
    sentence = compare(one(13), one(10), bound=TWO).sentence()
    assert "Doubtful: 1.5 times what rounding is likely to reach, 0.75 of the limit 4" in sentence
    assert "compute it again in float64; a fault below 7 could hide" in sentence


def test_zero_limit_sentence():
    """Where nothing is rounded, nothing may differ."""
    x = torch.ones(1000)
    result = judged(x.sum(), x[1:].sum(), sum_bound(x, "float32"))
    assert result.verdict == "wrong"
    assert result.sentence().endswith("Wrong: 2 * (sums without rounding) allow no difference.")


# From here on: data for which the rule says a word that is not the truth.


def test_doubtful_for_honest_rounding():
    """Terms sorted by how they will be rounded go one way for half of the loop: doubtful."""
    step = 2.0**-14  # the spacing of float32 from 512 on, where the total ends
    x = (1638 + torch.tensor([-0.375, 0.375]).repeat_interleave(5000)) * step
    bounds = sum_bound(x, "float32"), sum_bound(x, "float32", depth="any")
    assert judged(x.sum(), chain(x), *bounds).verdict == "doubtful"
    mixed = x[torch.randperm(len(x))]  # an order that does not know
    assert judged(x.sum(), chain(mixed), *bounds).within


def test_doubtful_for_equal_products():
    """Equal products in a running total: the likely limit of products knows no drift; doubtful."""
    a, b = torch.full((1, 10_000), 0.1), torch.ones(10_000, 1)
    bound = matmul_bound(a, b, "float32")
    exact = (a.double() @ b.double()).float()  # some libraries' float32 product is a running total
    assert judged(exact, chain(a[0]).reshape(1, 1), bound).verdict == "doubtful"


def test_rounding_where_a_total_outgrows_its_terms():
    """3000 ones in a float16 loop stop at 2048: such roundings can do that, and worse, says it."""
    total = torch.zeros((), dtype=torch.float16)
    for _ in range(3000):
        total += 1
    bound = sum_bound(torch.ones(3000), "float16", depth="any")
    result = error_of(total, torch.tensor(3000.0).double(), bound=bound)
    assert result.verdict == "rounding"
    assert "such as the loss of all 3,000 elements: at most" in result.sentence()


def test_rounding_for_a_loss_below_the_limit():
    """One element of a million is less than a sum of a million rounds away: it says so itself."""
    x = torch.rand(1_000_000)
    x[0] = 0.5
    result = judged(x.sum(), x[1:].sum(), sum_bound(x, "float32"))
    assert result.verdict == "rounding"
    assert result.unseen > float(x[0]) and result.may_lack >= 1


def test_rounding_for_what_is_small_beside_the_rest():
    """Ten small numbers beside a large one may all be missing."""
    x = torch.cat([torch.tensor([1e8]), torch.rand(10)])
    result = judged(x[:1].sum(), x.sum(), sum_bound(x, "float32"))
    assert result.verdict in ("identical", "rounding")


def test_rounding_for_signed_terms_that_cancel():
    """In any order, a tenth of a million signed terms may be missing; the width is said."""
    x = torch.rand(1_000_000) - 0.5
    result = judged(x.sum(), x[100_000:].sum(), sum_bound(x, "float32", depth="any"))
    assert result.verdict == "rounding"
    assert result.may_lack >= 100_000


def test_rounding_for_tf32_in_long_products():
    """With K = 8192 the inputs' rounding to tf32 hides in what K roundings might do."""
    from workbook.floats import round_to

    a, b = torch.rand(8, 8192), torch.rand(8192, 8)
    short = round_to(a, "tf32") @ round_to(b, "tf32")
    assert judged(a @ b, short, matmul_bound(a, b, "float32")).verdict == "rounding"


@pytest.mark.parametrize(
    "kept, dropped",
    [([1.0, 2.0], [0.0]), ([2.0**24, 2.0**24], [0.1]), ([1e8, -1e8], [1.0])],
)
def test_identical_for_a_fault(kept, dropped):
    """A dropped zero, a term below half a ULP, and a term that both orders lose: no bit differs."""
    all_terms, some = torch.tensor([kept[0], *dropped, kept[1]]), torch.tensor(kept)
    assert judged(chain(all_terms), chain(some), sum_bound(all_terms, "float32")).identical


def test_wrong_for_another_algorithm():
    """A one-pass variance is honest arithmetic of another formula: no bound of a mean covers it."""
    x = torch.rand(10_000) + 1000
    squares = (x * x).mean() - x.mean() ** 2
    bound = mean_bound((x - x.mean()).square(), "float32")
    assert judged(squares, x.var(correction=0), bound).verdict == "wrong"


def test_wrong_for_partial_sums_in_16_bits():
    """Partial sums that are rounded to 16 bits on the way are beyond a bound for float32."""
    x = torch.rand(4096, generator=torch.Generator().manual_seed(0))
    parts = x.view(64, 64).sum(1).bfloat16().float().sum()
    assert judged(x.sum(), parts, sum_bound(x, "float32")).verdict == "wrong"


def test_wrong_for_truncation_judged_as_rounding():
    """Sums that truncate need the bound with 2 u; held to u they can be called wrong."""
    u = 2.0**-24
    x = torch.tensor([1.0, *[2 * u - u * 2.0**-10] * 3])
    truncated = torch.tensor([1.0])  # each addition loses almost a whole step above 1
    truth = x.double().sum().reshape(1)
    assert error_of(truncated, truth, bound=sum_bound(x, "float32", depth=3)).verdict == "wrong"
    twice = sum_bound(x, "float32", depth=3) + sum_bound(x, "float32", depth=3)
    assert error_of(truncated, truth, bound=twice).within


def test_wrong_for_winograd():
    """Winograd's convolution adds neighbors first, and loses a small one beside a large one."""
    d, g = torch.tensor([0.0, 0.1, 1e6, 0.0]), torch.tensor([0.0, 1.0, 0.0])
    middle, other = (g[0] + g[1] + g[2]) / 2, (g[0] - g[1] + g[2]) / 2
    fast = (d[0] - d[2]) * g[0] + (d[1] + d[2]) * middle + (d[2] - d[1]) * other
    direct = (d[:3] * g).sum()  # 0.1: what the large one is multiplied with is 0
    bound = matmul_bound(d[None, :3], g[:, None], "float32")
    assert judged(fast.reshape(1, 1), direct.reshape(1, 1), bound).verdict == "wrong"


def test_wrong_where_subnormals_are_flushed():
    """A processor that flushes gives 0 where additions of subnormals round nothing."""
    x = torch.tensor([2.0**-140, 2.0**-141, 2.0**-142])
    flushed = torch.where(x.abs() < torch.finfo(x.dtype).tiny, 0.0, x).sum()
    assert judged(flushed, x.sum(), sum_bound(x, "float32")).verdict == "wrong"


def test_wrong_for_a_total_in_float8():
    """A total that is kept in float8 is beyond a bound that says float32, float8 result or not."""
    x, total = torch.rand(64), torch.zeros(())
    for number in x:
        total = (total + number).to(torch.float8_e4m3fn).float()
    bound = sum_bound(x, "float32", depth="any", result="float8_e4m3fn")
    result = error_of(total, x.double().sum(), bound=bound)
    assert result.verdict == "wrong"
    assert error_of(total, x.double().sum(), bound=sum_bound(x, "float8_e4m3fn")).within


def test_wrong_for_a_fast_exponential():
    """exp as (1 + x/n)**n is honest and many ULPs off: a bound of 2 ULPs calls it wrong."""
    x = torch.linspace(0, 1, 11)
    bound = elementwise_bound(x.double().exp(), "float32", ulps=2, source="a good library")
    assert error_of(x.exp(), x.double().exp(), bound=bound).within
    fast = (1 + x / 1024).pow(1024)
    assert error_of(fast, x.double().exp(), bound=bound).verdict == "wrong"


def test_left_the_range_for_an_honest_sum():
    """float16 ends at 65504: a sum of honest numbers leaves it, and that is no rounding."""
    x = torch.full((70_000,), 1.0, dtype=torch.float16)
    bound = sum_bound(x, "float32", result="float16")
    assert judged(x.sum(), x[:1].sum(), bound).verdict == "left the range"
