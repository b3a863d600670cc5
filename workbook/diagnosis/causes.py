"""The causes as data: id, name, class, what happened in words, and what to do about it.

Owns the texts. `{where}` is filled with the place. A cause's class says what a difference from it
is: "random", "fault", or "rounding" where it stays within the bound (beyond it: a fault).
"""
# ruff: noqa: E501  (a table: one row, one line)

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Cause:
    """One cause of a difference."""

    id: str
    kind: Literal["random", "fault", "rounding", "none"]
    words: str
    fix: str


CAUSES = (
    Cause("random-numbers", "random", "Random numbers are drawn without a fixed seed",
          "Seed every generator that draws (torch, NumPy, random) once, at the start of the run."),
    Cause("generator-shift", "fault", "Something draws from the generator in between and shifts all later numbers",
          "Give each purpose a generator of its own; put the generator back after what only looks (torch.random.fork_rng)."),
    Cause("reseeded", "fault", "The generator is set again on the way, so that numbers repeat",
          "Seed once, at the start; give a helper that needs fixed numbers a torch.Generator of its own."),
    Cause("device-generator", "fault", "The CPU and the device draw unrelated numbers from one seed",
          "Draw on the CPU and move the numbers to the device."),
    Cause("dropout-active", "fault", "Dropout is active because the module is in train mode",
          "Set the mode where each phase begins: model.eval() before using the model, model.train() before training goes on; pass training=self.training to F.dropout."),
    Cause("batch-statistics", "fault", "Batch normalization uses the statistics of the batch because it is in train mode",
          "Set the mode where each phase begins: model.eval() before using the model, model.train() before training goes on (after every validation)."),
    Cause("eval-left-on", "fault", "The module is left in eval mode while its training goes on",
          "Call model.train() where each epoch begins: a validation leaves the module in eval mode."),
    Cause("module-state", "fault", "A call leaves state behind that the next call uses",
          "Keep the state inside the call, or reset it before each call."),
    Cause("input-mutated", "fault", "The data is changed in place by the call",
          "Work on a copy (x.clone()), or use the out-of-place operation."),
    Cause("overlapping-memory", "fault", "Memory is written while it is still read under another name",
          "Clone before writing in place, or use the out-of-place operation."),
    Cause("uninitialised-memory", "fault", "Memory is used before anything was written to it",
          "Use torch.zeros or torch.full, or write every element before reading."),
    Cause("nondeterministic-op", "rounding", "An operation adds in an order that changes from run to run",
          "Call torch.use_deterministic_algorithms(True)."),
    Cause("cudnn-algorithm", "rounding", "cuDNN chooses an algorithm that may change from run to run",
          "Set torch.backends.cudnn.deterministic = True and benchmark = False."),
    Cause("reduced-precision", "rounding", "One side computes in a shorter format",
          "Compute both in the same format, or compare within the shorter format's unit roundoff."),
    Cause("dtype", "rounding", "The two sides compute in different dtypes",
          "Use one dtype throughout."),
    Cause("batch-size", "rounding", "A row's last bits depend on how many rows are computed together",
          "Compare within the bound, or compute with a fixed batch size."),
    Cause("batch-coupling", "fault", "A row's result depends on the other rows of its batch",
          "Normalize or reduce over the features, not over the batch; leave padding out of means and maxima (a mask)."),
    Cause("thread-count", "rounding", "The number of threads changes the order of addition",
          "Fix torch.set_num_threads, or compare within the bound."),
    Cause("cpu-capability", "rounding", "Another CPU's vector instructions round differently",
          "Compare within the bound; fix ATEN_CPU_CAPABILITY where the bits must agree."),
    Cause("denormals", "fault", "Numbers below the smallest normal one are flushed to zero on one side",
          "Call torch.set_flush_denormal once, at the start, or not at all."),
    Cause("memory-layout", "rounding", "The layout of a tensor in memory changes the order of addition",
          "Call .contiguous() at one place, or compare within the bound."),
    Cause("hash-seed", "fault", "An order follows Python's hashes, which change from process to process",
          "Sort before iterating over a set; do not seed from hash()."),
    Cause("file-order", "fault", "An order follows the file system's",
          "Sort what os.listdir, os.scandir or glob return."),
    Cause("leftover-files", "fault", "A run reads files that an earlier run left",
          "Begin each run in an empty folder, or delete these files first. Where it is meant to go on from them, keep a copy of them and begin both runs from that."),
    Cause("worker-generator", "fault", "The data loader's workers draw from generators of their own",
          "Pass generator= and worker_init_fn= to the DataLoader, or draw outside the workers. A worker_init_fn that seeds NumPy or random takes the seed from torch.initial_seed()."),
    Cause("compile", "rounding", "The compiled function rounds differently from the eager one",
          "Compare within the bound."),
    Cause("autocast-cache", "fault", "autocast keeps a cast copy of a weight that has changed since",
          "Leave the autocast block before weights change, or pass cache_enabled=False."),
    Cause("gradient-accumulation", "rounding", "Gradients are summed over several backward passes",
          "Clear gradients after each step; weigh each micro-batch by its share of the rows."),
    Cause("checkpoint-incomplete", "fault", "The checkpoint lacks something that the run goes on with",
          "Save and load what the evidence names, too. A state_dict holds no plain attributes, no buffers with persistent=False and no generators."),
    Cause("thread-race", "fault", "Threads change the same data without waiting for one another",
          "Use a lock, or give each thread data of its own and combine at the end."),
    Cause("completion-order", "rounding", "Results of parallel work are combined in the order in which they are ready",
          "Combine them in the order in which the work was handed out: map or imap in place of imap_unordered, [job.result() for job in jobs] in place of as_completed, what asyncio.gather returns in place of a list that its tasks append to."),
    Cause("wall-clock", "fault", "The result depends on the clock",
          "Pass the time, or the seed, in as a value; count steps where the program works until a time is up."),
    Cause("device", "rounding", "Another device computes the same operations in another order",
          "Compare within the bound; where the bits must agree, compute both on one device."),
    Cause("attention-backend", "rounding", "Another kernel for attention adds in another order",
          "Compare within the bound, or name one kernel for both: with torch.nn.attention.sdpa_kernel(SDPBackend.MATH)."),
    Cause("onednn", "rounding", "One side computes without oneDNN, whose kernels round and add in another order",
          "Switch oneDNN on or off once, at the start of both (torch.backends.mkldnn.enabled), or compare within the bound."),
    Cause("unsynchronised", "fault", "Memory is read before the device is done with it",
          "Call torch.cuda.synchronize() before the CPU reads what was copied with non_blocking=True; before another stream reads, stream.wait_stream(other)."),
    Cause("overflow", "fault", "A value leaves the range of its format",
          "Use the form that stays in range (torch.logsumexp, log_softmax, the largest subtracted first), or a format with a wider range; widen small integers before computing: x.long(), x.float()."),
    Cause("weights-not-loaded", "fault", "A state is loaded, and weights that it was meant for stay as they were",
          "Load with strict=True, or check that missing_keys and unexpected_keys of what load_state_dict returns are empty; take off a prefix that one side has: {k.removeprefix('module.'): v for k, v in state.items()}."),
    Cause("seed-ignored", "fault", "A seed is given, but the numbers are drawn without it",
          "Set the seed before anything is drawn, weights included, and pass the seed or the generator on to every function that draws (generator=g)."),
    Cause("worker-copy", "fault", "The data loader's workers go on with the dataset as it was when they started",
          "Set what changes from epoch to epoch before the workers start, pass persistent_workers=False, or keep it in shared memory (torch.tensor(0).share_memory_())."),
    Cause("mean-of-means", "fault", "A mean of batches' means counts a small batch as much as a large one",
          "Add up the sums and divide once by the number of rows: total += loss * len(x), then total / rows."),
    Cause("weights-overwritten", "fault", "Weights in training are written by something else than their optimizer",
          "Evaluate an average in a copy of the module (copy.deepcopy), or put the trained weights back before training goes on."),
    Cause("train-not-called", "fault", "A module does something in its own train(), which was never called",
          "Call model.train() once the module is built: a new module is in train mode, but its train() has not run."),
    Cause("rank-drift", "fault", "The ranks do not have the same parameters",
          "Wrap the module in DistributedDataParallel before anything reads its parameters, change them on all ranks alike afterwards, and step on averaged gradients."),
    Cause("rank-data", "fault", "The ranks do not share out the data as one process would read them",
          "Give each loader a DistributedSampler, call its set_epoch(epoch) before each epoch, and weigh unequal shares by their rows."),
    Cause("world-size", "rounding", "The number of ranks changes what is added up, and where",
          "Compare the mean of all ranks' losses, not rank 0's, within the bound; use SyncBatchNorm where batch statistics should be those of the whole batch."),
    Cause("none", "none", "Nothing was found", "Nothing needs to change."),
)  # fmt: skip

BY_ID = {cause.id: cause for cause in CAUSES}
