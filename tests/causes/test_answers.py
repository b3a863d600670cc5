"""Every prediction has exactly one right option, and these are the right ones.

The list is kept apart from the predicates, so that one that is turned round is seen.
"""

import pytest

from tests.causes.chapters import ESTIMATES, PREDICTIONS
from workbook.question import Estimate, Prediction

ANSWERS = {
    # another_run
    "added_later": "the weights and their gradients, but for the one that was added",
    "bucket_size": "with three ranks only",
    "compiled_mask": "in about half",
    "every_slot": "with two ranks yes, with three not",
    "leaves_no_trace": "the scaler's state",
    "one_seed_for_all": "it drops the same entries as on the first",
    "seeded_again": "in the order of the first epoch",
    "twice_the_workers": "the noise that an item gets",
    "two_means": "further off than rounding could be",
    # autograd
    "after_no_grad": "backward() raises",
    "written_through_data": "4, 8, 12",
    "which_weight": "the old weight",
    "transformer_no_grad": "the kernel, which rounds in its own way",
    "which_order": "the order in which the branches are made",
    # cudnn
    "cpu_repeats": "yes, where several threads write to one place",
    "mended_training": "`torch.backends.cudnn.deterministic = True`",
    "read_at_once": "what stood there before, or a mixture",
    "fragmented": "no bit",
    "what_it_prints": "exactly 0",
    "which_setting": "`torch.use_deterministic_algorithms(True)`",
    "two_lists_or_one": "some that raise were not seen to vary",
    "which_varies": "the adding by index",
    "who_uses_tf32": "convolutions",
    # directml
    "what_it_measures": "the matrices",
    "who_is_right": "in some elements the CPU's, in others the accelerator's",
    "whose_float64": "NumPy's",
    # eval_mode
    "batch_of_one": "an error",
    "function_in_eval": "it drops as in training",
    "no_grad_and_dropout": "it drops other entries each time",
    "same_batch_twice": "equal in every bit",
    "statistics_under_inference_mode": "they move as in training",
    "weights_without_the_layer": "it raises an error",
    "without_running_statistics": "yes, as in training",
    # in_place
    "differing_forms": "none does",
    "after_float": "only if x is float32",
    "losing_form": "the first two, of two steps",
    "overlaps": "it refuses some, and others go wrong",
    "sum_dtype": "float32",
    "write_to_data": "a wrong gradient, no error",
    # linear_init
    "before_the_product": "nothing: the same bits",
    "in_float64": "unrelated numbers",
    "generator_in_a_dataset": "both workers draw the same, and so does the next epoch",
    "fifteen": "its first 15 are other numbers",
    "three_layers": "they differ, in the same way in every run",
    "unused_layer": "both",
    # precision
    "float64_data": "it raises an error",
    "tf32_noticed": "only for short ones",
    "one_tenth": "none of them",
    "one_ulp": "it grows until nothing is left in common",
    "relu": "it leaves the error as it is, or takes it away",
    "two_variances": "one of them has no correct digit",
    "what_numpy_gave": "another float32 result, rounded at each step",
    "where_from": "storing 0.1, 0.2 and 0.3",
    "zero_dimensions": "float32",
    # start_here
    "loss_shows": "it does not: a run without a fault is further from the first",
    "same_weights": "one, where nothing was changed: sums and formats round",
    "three_tenths": "only in float32",
    # temperature_zero
    "padded_left": "only if the positions leave the padding out as well",
    "safe_lead": "above 0.02",
    "seed_in_a_batch": "only as the first row",
    "what_can_change": "how many other prompts are in the call",
    # why_nan
    "adam_in_half": "NaN",
    "fully_masked": "NaN",
    "one_of_a_thousand": "all of them",
    "stop_when_large": "it goes on",
    "under_a_scaler": "weights that have not moved, and no error",
    "where_gradient": "NaN",
    # your_own_program
    "eval_shows": "one of the two was, but not which",
}


def test_every_prediction_has_its_answer_here():
    """No prediction is without an answer in this list, and no answer without its prediction."""
    assert {each.name for each in PREDICTIONS} == set(ANSWERS)


@pytest.mark.parametrize("estimate", ESTIMATES, ids=lambda row: row.name)
def test_an_estimate_comes_out_where_it_says(estimate: Estimate):
    """Measured here, the number is one that the row foresees, and a range beside it misses."""
    low, high = estimate.between
    assert low <= estimate.measured() <= high
    assert not estimate.seen(low / 4, low / 2).right and not estimate.seen(2 * high, 4 * high).right


@pytest.mark.parametrize("prediction", PREDICTIONS, ids=lambda row: row.name)
def test_one_option_holds_and_it_is_the_right_one(prediction: Prediction):
    """Measured here, exactly one option holds, and it is the one that this list names."""
    assert prediction.measured().text == ANSWERS[prediction.name]
