"""Edits that cure, for the fixes whose calls no other program of these tests is cured by.

A program has `first` and `second`, which differ with the faulty line in place of `LINE` and agree
with the line that cures. A fix is named as the answer finds it: by its cause, or by its row.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Edit:
    """A program with one line that is faulty, and the line that cures it."""

    program: str
    faulty: str
    cure: str


_LOADER = """
class Noisy(torch.utils.data.Dataset):
    def __len__(self): return 2
    def __getitem__(self, i): return torch.from_numpy(np.random.rand(1))
def seeded(number): np.random.seed(torch.initial_seed() % 2**32)
def load(seed):
    np.random.seed(seed)
    how = {"num_workers": 1, "multiprocessing_context": "fork"}
    return torch.cat(list(LINE))
def first(): return load(1)
def second(): return load(2)
"""
_TRAINING = """
def fit(looks):
    net = torch.nn.Linear(1, 1, bias=False)
    net.weight.data.fill_(1)
    for _ in range(2):
        net.zero_grad()
        net(torch.ones(1, 1)).sum().backward()
        net.weight.data.sub_(net.weight.grad)
        if looks:
            LINE
            shown.weight.data.mul_(0.5)
    return net.weight.detach().clone()
def first(): return fit(False)
def second(): return fit(True)
"""
_SEEDED = """
def noise(): return torch.rand(2)
def run(looks):
    torch.manual_seed(0)
    if looks: LINE
    return torch.rand(2)
def first(): return run(False)
def second(): return run(True)
"""
EDITS = {
    "generator-shift": Edit(
        _SEEDED, "noise()", "\n        with torch.random.fork_rng(devices=[]): noise()"
    ),
    "reseeded": Edit(
        _SEEDED,
        "torch.manual_seed(3); noise()",
        "torch.rand(2, generator=torch.Generator().manual_seed(3))",
    ),
    "on local-seeds": Edit(
        _SEEDED,
        "torch.manual_seed(3); noise()",
        "\n        with torch.random.fork_rng(devices=[]): torch.manual_seed(3); noise()",
    ),
    "between rng": Edit(
        "torch.manual_seed(0)\ndef first():\n    LINE\n    return torch.rand(2)\nsecond = first\n",
        "pass",
        "torch.manual_seed(0)",
    ),
    "on carry-own": Edit(
        """
def draw(generator): return torch.rand(2, generator=generator)
def first():
    kept = torch.Generator().manual_seed(0)
    return draw(kept), draw(kept)
def second():
    old = torch.Generator().manual_seed(0)
    begun, new = draw(old), torch.Generator().manual_seed(0)
    LINE
    return begun, draw(new)
""",
        "pass",
        "new.set_state(old.get_state())",
    ),
    "worker-generator": Edit(
        _LOADER,
        "torch.utils.data.DataLoader(Noisy(), **how)",
        "torch.utils.data.DataLoader(Noisy(), worker_init_fn=seeded, "
        "generator=torch.Generator().manual_seed(0), **how)",
    ),
    "autocast-cache": Edit(
        """
W = torch.ones(4, 4, requires_grad=True)
def doubled(before):
    with torch.no_grad(): W.fill_(1)
    with LINE:
        made = torch.ones(4, 4) @ W if before else 0
        with torch.no_grad(): W.mul_(2)
        return (torch.ones(4, 4) @ W).detach()
def first(): return doubled(False)
def second(): return doubled(True)
""",
        "torch.autocast('cpu', torch.bfloat16)",
        "torch.autocast('cpu', torch.bfloat16, cache_enabled=False)",
    ),
    "completion-order": Edit(
        """
import threading
from concurrent.futures import ThreadPoolExecutor, as_completed
def results(late):
    done = threading.Event()
    def work(number):
        if number == late: done.wait()
        return number
    with ThreadPoolExecutor(2) as pool:
        jobs = [pool.submit(work, number) for number in (0, 1)]
        jobs[1 - late].exception()  # it is ready; the other is once a result is asked for
        for job in jobs: job.result = lambda real=job.result: done.set() or real()
        return LINE
def first(): return results(0)
def second(): return results(1)
""",
        "[job.result() for job in as_completed(jobs)]",
        "[job.result() for job in jobs]",
    ),
    "weights-overwritten": Edit(
        _TRAINING, "shown = net", "import copy; shown = copy.deepcopy(net)"
    ),
    "train-not-called": Edit(
        """
class Net(torch.nn.Linear):
    def train(self, mode=True):
        self.scale = 2.0
        return super().train(mode)
def run(calls):
    model = Net(1, 1, bias=False)
    model.weight.data.fill_(1)
    if calls: model.train()
    LINE
    return (model(torch.ones(1, 1)) * getattr(model, "scale", 1.0)).detach()
def first(): return run(True)
def second(): return run(False)
""",
        "pass",
        "model.train()",
    ),
    "on no-inplace": Edit(
        """
def run(order):
    x = torch.tensor([-1.0, 2.0])
    total = x.sum() if order else None
    made = LINE
    return made.sum(), x.sum() if total is None else total
def first(): return run(True)
def second(): return run(False)
""",
        "torch.nn.functional.relu(x, inplace=True)",
        "torch.nn.functional.relu(x)",
    ),
    "on no-dropout": Edit(
        """
def first():
    x = torch.ones(64, requires_grad=True)
    torch.nn.functional.dropout(x, LINE).sum().backward()
    return x.grad
second = first
""",
        "0.5",
        "p=0.0",
    ),
    "on weigh": Edit(
        """
X = torch.arange(6.0)
def gradient(*sizes):
    w, rows = torch.ones(1, requires_grad=True), len(X)
    for x in X.split(sizes):
        loss = (w * x).mean()
        LINE
    return w.grad
def first(): return gradient(6)
def second(): return gradient(4, 2)
""",
        "loss.backward()",
        "(loss * len(x) / rows).backward()",
    ),
    "on wide-integers": Edit(
        """
P = torch.tensor([250, 3], dtype=torch.uint8)
def first(): return torch.tensor([260, 13])
def second():
    x = P
    return (LINE + 10).long()
""",
        "x",
        "x.long()",
    ),
}
# Why no edit here shows that these cure.
UNSHOWN = {
    "file-order": "what is to be done has no call: sort",
    "cudnn-algorithm": "cuDNN runs on CUDA devices only",
    "on no-cudnn": "the same",
    "on full-precision": "few CPUs have shorter products to choose",
    "on full-sums": "cuBLAS has these switches",
    "unsynchronised": "the CPU waits for itself",
    "rank-data": "it takes several ranks: targets/test_ranks",
    "cpu-capability": "it is read when torch is loaded: test_another_cpu_rounds_differently",
}
