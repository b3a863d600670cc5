"""The corpus as rows: which program, what is asked, which causes, and the change that cures each.

`varied` says what the harness varies to show the difference (see proofs). A cure is a pair of texts,
old and new; one for each cause, in the order of the causes. `probe` is appended to the program of a
module, so that the harness has two functions to compare. `near` allows rounding once it is cured.
"""
# ruff: noqa: E501  (a table: one row, one line)

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """One program with its label and its proof."""

    name: str
    targets: str
    causes: str
    varied: str = ""
    cures: tuple[tuple[str, str], ...] = ()
    probe: str = ""
    near: bool = False
    why_unproved: str = ""


_TWO = """

def first():
    module, inputs = build()
    return {a}


def second():
    module, inputs = build()
    return {b}
"""
_AGAIN = """

def first():
    module, inputs = build()
    return module(*inputs) + 0


def second():
    module, inputs = build()
    module(*inputs)
    return module(*inputs) + 0
"""
ROWS_ALONE = _TWO.format(a="module(inputs[0])[:2]", b="module(inputs[0][:2])[:2]")
ROWS_AFTER = _TWO.format(
    a="module(inputs[0])[:2]", b="(module(inputs[0]), module(inputs[0][:2]))[1][:2]"
)

PROGRAMS = (
    Row("random_weights", "score", "random-numbers", "seed", (("x = torch.arange(24", "torch.manual_seed(0); x = torch.arange(24"),)),
    Row("random_numpy_noise", "features", "random-numbers", "seed", (("base =", "np.random.seed(0); base ="),)),
    Row("random_shuffle", "train_mean", "random-numbers", "seed", (("random.shuffle(order)", "random.Random(0).shuffle(order)"),)),
    Row("random_generator_entropy", "sample_loss", "random-numbers", "seed", (("default_rng()", "default_rng(3)"),)),
    Row("shift_import_seed", "forward", "generator-shift", "again", (("    layer =", "    torch.manual_seed(1); layer ="),)),
    Row("shift_own_generator", "mean_of_batch", "generator-shift", "again", (("    index =", "    GENERATOR.manual_seed(5); index ="),)),
    Row("shift_logging", "quiet logged", "generator-shift", "", (("probe = torch.rand(2, 5)", "probe = torch.ones(2, 5)"),)),
    Row("shift_extra_layer", "without_aux with_aux", "generator-shift", "", (("self.aux = nn.Linear(8, 3, bias=False)", "self.aux = None"),)),
    Row("reseeded_helper", "augmented_batch", "reseeded", why_unproved="see test_reseeding_repeats_the_noise"),
    Row("reseeded_pair", "plain fixed_evaluation", "reseeded", "", (("torch.manual_seed(99)", "pass"),)),
    Row("dropout_left_on", "predict", "dropout-active", "again", (("    x = torch.lin", "    MODEL.eval(); x = torch.lin"),)),
    Row("dropout_functional", "logits", "dropout-active", "again", (("F.dropout(h, 0.3)", "F.dropout(h, 0.3, self.training)"),)),
    Row("dropout_train_eval", "in_training in_evaluation", "dropout-active", "", (("model = build()\n", "model = build().eval()\n"),)),
    Row("dropout_transformer", "build", "dropout-active", "", (("return model,", "return model.eval(),"),), _AGAIN),
    Row("batchnorm_model", "build", "batch-statistics", "", (("return ConvNet(),", "return ConvNet().eval(),"),), ROWS_ALONE, True),
    Row("batchnorm_pair", "while_training while_serving", "batch-statistics", "", (("net = model()\n    with", "net = model().eval()\n    with"),)),
    Row("eval_left_on", "alone validated", "eval-left-on", "", (("                net(x[:4])", "                net(x[:4])\n            net.train()"),)),
    Row("state_running_stats", "calibrated_score", "module-state", "again", (("    NET.train()", "    NET[1].reset_running_stats(); NET.train()"),)),
    Row("state_counter", "use", "module-state", "again", (("    return LAYER(", "    LAYER.seen.fill_(1); return LAYER("),)),
    Row("state_history", "smoothed_loss", "module-state", "again", (("    losses =", "    _history.clear(); losses ="),)),
    Row("state_model", "build", "module-state", "", (("self.hidden = self.cell(x, self.hidden).detach()\n        return self.hidden", "return self.cell(x, self.hidden)"),), _AGAIN),
    Row("mutated_inputs", "norms", "input-mutated", "again", (("normalize(DATA).abs()", "normalize(DATA.clone()).abs()"),)),
    Row("mutated_array", "mean_return", "input-mutated", "again", (("from_numpy(prices)", "from_numpy(prices.copy())"),)),
    Row("mutated_list", "epoch", "input-mutated", "again", (("take(BATCHES, 2)", "take(list(BATCHES), 2)"),)),
    Row("overlap_inplace", "spread_in_place spread", "overlapping-memory", "", (("add_(x[:6])", "add_(x[:6].clone())"),)),
    Row("overlap_saved", "gradient gradient_with_log", "overlapping-memory", "", (("y.data.add_(1.0)", "(y.data + 1.0)"),)),
    Row("empty_buffer", "average", "uninitialised-memory", "poison", (("torch.empty(size)", "torch.zeros(size)"),)),
    Row("empty_pair", "with_zeros with_empty", "uninitialised-memory", "poison", (("np.empty(", "np.zeros("),)),
    Row("index_add_threads", "totals", "nondeterministic-op", "threads", (("    torch.manual_seed(0)", "    torch.use_deterministic_algorithms(True); torch.manual_seed(0)"),)),
    Row("bf16_pair", "full half", "reduced-precision", "", (("network().bfloat16()(inputs().bfloat16()).float()", "network()(inputs())"),)),
    Row("autocast_pair", "mixed plain", "reduced-precision", "", (("enabled=mixed", "enabled=False"),)),
    Row("dtype_pair", "single double", "dtype", "", (("samples(torch.float32)", "samples(torch.float64)"),)),
    Row("dtype_default", "as_is in_double", "dtype", "", (("set_default_dtype(torch.float64)", "set_default_dtype(torch.float32)"),)),
    Row("batch_size_model", "build", "batch-size", why_unproved="on some CPUs a row has the same bits alone"),
    Row("batch_size_pair", "batched one_by_one", "batch-size", why_unproved="on some CPUs a row has the same bits alone"),
    Row("coupling_model", "build", "batch-coupling", "", (("mean(dim=0, keepdim=True)", "mean(dim=1, keepdim=True)"),), ROWS_ALONE, True),
    Row("coupling_pair", "together separately", "batch-coupling", "", (("batch.abs().max()", "batch.abs().amax(1, keepdim=True)"),)),
    Row("threads_sum", "totals", "thread-count", "threads", (("    torch.manual_seed(0)", "    torch.set_num_threads(1); torch.manual_seed(0)"),)),
    Row("threads_pair", "one_thread four_threads", "thread-count", "", (("mean_of(4)", "mean_of(1)"),)),
    Row("capability_gelu", "activations", "none", why_unproved="see test_another_cpu_rounds_differently"),
    Row("layout_pair", "row_sums row_sums_transposed", "memory-layout", "", (("columns.t().sum", "columns.t().contiguous().sum"),)),
    Row("layout_model", "build", "memory-layout", "", (("x.mean(dim=1)", "x.contiguous().mean(dim=1)"),),
        _TWO.format(a="module(inputs[0])", b="module(inputs[0].t().contiguous().t())")),
    Row("hash_vocabulary", "encode", "hash-seed", "hash", (("enumerate(words)", "enumerate(sorted(words))"),)),
    Row("hash_seeded", "table", "hash-seed", "hash", (("hash(name)", "sum(name.encode())"),)),
    Row("files_listing", "first_shard", "file-order", "files", (("os.listdir(HERE)", "sorted(os.listdir(HERE))"),)),
    Row("files_pair", "sorted_files as_found", "file-order", why_unproved="glob reads folders below os.listdir"),
    Row("workers_numpy", "epoch", "worker-generator", "seed", (("num_workers=2", "num_workers=0"),)),
    Row("workers_pair", "in_process with_workers", "worker-generator", "", (("load(2)", "load(0)"),)),
    Row("autocast_cache", "cached uncached", "autocast-cache", "", (("two_steps(True)", "two_steps(False)"),)),
    Row("accumulation_summed", "full_batch micro_batches", "gradient-accumulation", "", (("pow(2).mean()", "pow(2).mean() / parts"),), "", True),
    Row("accumulation_uneven", "whole in_fours", "gradient-accumulation", "", (("/ len(pieces)", "* len(piece) / len(x)"),), "", True),
    Row("accumulation_rounding", "at_once in_eights", "gradient-accumulation", "", (("gradients(8)", "gradients(64)"),)),
    Row("accumulation_left_over", "gradient_norm", "gradient-accumulation", "again", (("    loss =", "    MODEL.zero_grad(); loss ="),)),
    Row("accumulation_no_zero", "clearing forgetting", "gradient-accumulation", "", (("if clear:", "if True:"),)),
    Row("checkpoint_momentum", "straight resumed", "checkpoint-incomplete", "", (("momentum=0.9", "momentum=0.0"),)),
    Row("checkpoint_generator", "straight resumed", "checkpoint-incomplete", "", (("    trainer.load(state)", "    trainer.load(state); torch.set_rng_state(rng)"), ("    state = trainer.save()", "    state = trainer.save(); rng = torch.get_rng_state()"))),
    Row("race_counter", "count", "thread-race", "serial", (("            self.value = self.value + 1", "            with LOCK:\n                self.value = self.value + 1"), ("class Counter", "LOCK = threading.Lock()\n\n\nclass Counter"))),
    Row("race_pair", "pooled in_order", "thread-race", "", (("ThreadPoolExecutor(4)", "ThreadPoolExecutor(1)"),)),
    Row("clock_seed", "sample", "wall-clock", "clock", (("torch.manual_seed(make_seed())", "torch.manual_seed(1)"),)),
    Row("clock_feature", "features", "wall-clock", why_unproved="see test_the_hour_is_the_clock"),
    Row("random_model", "build", "random-numbers", "", (("torch.randn_like(x)", "torch.ones_like(x)"),), _AGAIN),
    Row("state_pair", "fresh_sequence second_sequence", "module-state", "", (("    model(sequence(5))\n", ""),)),
    Row("mutated_pair", "silent logged", "input-mutated", "", (("t -= t.mean()", "t = t - t.mean()"),)),
    Row("hash_pair", "by_set by_sorted", "hash-seed", "hash", (("list(set(LABELS))", "sorted(set(LABELS))"),)),
    Row("overlap_history", "copied aliased", "overlapping-memory", "", (("if copy else w)", "if copy else w.clone())"),)),
    Row("overlap_best", "deep_copy plain", "overlapping-memory", "", (("if keep:", "if True:"),)),
    Row("overlap_repeated", "day_by_day week", "overlapping-memory", "", (("[torch.zeros(4)] * 4", "[torch.zeros(4) for _ in range(4)]"),)),
    Row("coupling_padding", "service nightly", "batch-coupling", "", (("ENCODER(tokens)", "ENCODER(tokens, tokens == PAD)"),), near=True),
    Row("accumulate_frozen", "clears_model clears_optimizer", "gradient-accumulation", "", (("(tagger if clear == \"model\" else optimizer).zero_grad()", "tagger.zero_grad()"),)),
    Row("state_iterator", "validate", "module-state", "again", (("batch = STREAM.next()", "batch = Batches(TABLE, 4).next()"),)),
    Row("double_noisy_scale", "build", "random-numbers batch-coupling", "", (("torch.rand_like(x)", "0.5"), ("amax()", "amax(1, keepdim=True)")), ROWS_AFTER),
    Row("half_weights_pair", "original shipped", "reduced-precision", "", (("v.half()", "v.clone()"),)),
    Row("overlap_windows", "tidy quick", "overlapping-memory", "", (("plan.cut(signal()), plan", "plan.cut(signal()).contiguous(), plan"),)),
    Row("overlap_average", "cloned listed", "overlapping-memory", "", (("dict(model.state_dict())", "{k: v.clone() for k, v in model.state_dict().items()}"),)),
    Row("reseeded_splitter", "report old_report", "reseeded", "", (("        np.random.seed(11)\n        return np.random.", "        return np.random.RandomState(11)."),)),
    Row("hash_columns", "by_set by_table", "hash-seed", "hash", (('set(PRICES) | {"fig"}', "PRICES"),)),
    Row("state_default", "evaluate", "module-state", "again", (("self.seen = seen", "self.seen = []"),)),
    Row("checkpoint_buffer", "at_once in_two", "checkpoint-incomplete", "", ((", persistent=False", ""),)),
    Row("random_own_seed", "medians", "random-numbers", "seed", (("self.generator.seed()", "self.generator.manual_seed(4)"),)),
    Row("coupling_scaled", "build", "batch-coupling", "", (("(score.max() - low + 1)", "(score.abs() + 1)"), ("low = score.min()", "low = 0.5")), _TWO.format(a="module(inputs[0])[3:]", b="module(inputs[0][3:])"), True),
    Row("layout_columns", "by_rows by_columns", "memory-layout", "", (("for column in records().T]).T", "for column in records().T]).T.copy(order='C')"),)),
    Row("both_coupling_hash", "online nightly", "batch-coupling hash-seed", "", (("0.5 * total.mean()", "0.5 * total"), ("set(FEATURES)", "FEATURES"))),
    Row("both_hash_state", "features", "hash-seed module-state", why_unproved="two processes and two calls at once"),
    Row("both_random_dropout", "predict", "random-numbers dropout-active", "seed", (("nn.Linear(24, 2))", "nn.Linear(24, 2)); [p.data.fill_(0.1) for p in model.parameters()]"), ("nn.Dropout(0.5)", "nn.Dropout(0.5).eval()"))),
    Row("both_random_mutated", "step", "random-numbers input-mutated", "seed again", (("torch.rand(8)", "torch.ones(8)"), ("    TABLE.mul_(1.5)\n", ""))),
    Row("both_hash_clock", "row", "hash-seed wall-clock", "clock", (("enumerate({", "enumerate([*sorted({"), ("time.time() % 60", "1.0")), why_unproved="two processes and two clocks at once"),
    Row("both_files_random", "sample", "file-order random-numbers", "seed files", (("os.listdir(FOLDER)", "sorted(os.listdir(FOLDER))"), ("random.random()", "0.5"))),
    Row("both_empty_hash", "scores", "uninitialised-memory hash-seed", why_unproved="two processes and two fillings at once"),
    Row("both_dropout_norm", "forgot_eval evaluated", "dropout-active batch-statistics", "", (("nn.Dropout(0.4)", "nn.Identity()"), ("nn.BatchNorm1d(10)", "nn.BatchNorm1d(10).eval()"))),
    Row("both_dropout_batch_model", "build", "dropout-active batch-coupling", "", (("nn.Dropout(0.25)", "nn.Identity()"), ("h.norm()", "h.norm(dim=1, keepdim=True)")), ROWS_AFTER, True),
    Row("both_momentum_generator", "straight resumed_with_log", "checkpoint-incomplete generator-shift", "", (("momentum=0.9", "momentum=0.0"), ("torch.normal(0.0, 1.0, (2, 2))", "pass"))),
    Row("both_random_state", "noisy_step", "random-numbers module-state", "seed again", (("torch.rand(3)", "torch.ones(3)"), ("self.steps += 1", "self.steps = 1"))),
    Row("both_layout_dropout", "served trained", "dropout-active memory-layout", "", (("head()(x)", "head().eval()(x)"), ("table().t().contiguous().t()", "table()"))),
    Row("both_clock_mutated", "step", "wall-clock input-mutated", "clock again", (("time.time() % 1000", "1.0"), ("decay(WEIGHTS,", "decay(WEIGHTS.clone(),"))),
    *(Row(name, targets, "none", "seed clock files threads poison") for name, targets in (
        ("none_seeded_training", "train"), ("none_eval_model", "predict"), ("none_sorted_words", "encode"),
        ("none_sorted_files", "load"), ("none_own_generators", "draws"), ("none_loader", "epoch"),
        ("none_workers", "load"), ("none_two_seeded", "compare_rates"), ("none_timer", "timed"),
        ("none_empty_filled", "table"), ("none_locked", "total"), ("none_global_cache", "lookup"),
        ("none_pair_views", "gathered indexed"), ("none_pair_resume", "straight resumed"))),
    Row("none_model", "build", "none", "", (), ROWS_ALONE),
    Row("compile_pair", "eager compiled", "compile", why_unproved="compiling takes too long to be done twice here"),  # last: forks of a process that has a compiler take longer
)  # fmt: skip
