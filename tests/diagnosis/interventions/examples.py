"""The smallest program that each intervention explains: `first` again, or `first` against `second`.

A program is text, or the name of a program in `tests/diagnosis_cases` with its functions. A row is
named by how it acts and its name.
"""

from __future__ import annotations

HEAD = """
import random, threading, time
import numpy as np
import torch
from torch import nn
import torch.nn.functional as F
"""

# Against itself: called again, or in another process under other conditions.
AGAIN = {
    "hold leftovers": """
import os
OLD = os.path.exists('left.txt')
open('left.txt', 'w').close()
def first(): return OLD
""",
    "hold clock": """
T = time.time()
def first(): return T
""",
    "hold files": """
import os
def first(): return [len(n) + ord(n[0]) for n in os.listdir('/usr')]
""",
    "hold poison": "def first(): return torch.empty(3) * 0 + torch.empty(3)",
    "hold hash": "def first(): return hash('a') % 1000",
    "hold threads": "def first(): return torch.get_num_threads()",
    "hold switch": """
import sys
def first():
    threading.Thread(target=int).start()
    return sys.getswitchinterval()
""",
    "hold rng": """
T = torch.rand(3)
def first(): return T
""",
    "between clock": "def first(): return time.perf_counter()",
    "between gradient": """
W = torch.ones(3, requires_grad=True)
def first():
    W.sum().backward()
    return W.grad.clone()
""",
    "between data": """
T = torch.ones(3)
def first(): return T.add_(1).clone()
""",
    "between module": """
class C:
    n = 0
    def __init__(self): self.seen = 0
M = C()
def first():
    M.seen += 1
    return M.seen
""",
    "between state": """
N = []
def first():
    N.append(1)
    return len(N)
""",
    "between leftovers": """
import os
def first():
    with open('left.txt', 'a') as file: file.write('x')
    return os.path.getsize('left.txt')
""",
    "between num-threads": """
def first():
    torch.set_num_threads(torch.get_num_threads() + 1)
    return torch.get_num_threads()
""",
    "between rng": """
torch.manual_seed(0)
def first(): return torch.rand(3)
""",
    "between fork": """
def counter():
    while True: yield 1
G = enumerate(counter())
def first(): return next(G)[0]
""",
    "on no-inplace": """
X = torch.tensor([-1.0, 2.0])
def first():
    total = X.sum()
    F.relu(X, inplace=True)
    return total
""",
    "on eval-dropout": """
L = nn.Dropout(0.5)
def first(): return L(torch.ones(64))
""",
    "on no-dropout": """
def first():
    x = torch.ones(64, requires_grad=True)
    F.dropout(x).sum().backward()
    return x.grad
""",
    "on eval-noise": """
class M(nn.Module):
    def forward(self, x): return x + torch.rand(3) if self.training else x
L = M()
def first(): return L(torch.ones(3))
""",
    "on one-seed": """
def first():
    torch.manual_seed(time.time_ns() % 1000)
    return torch.rand(3)
""",
    "on hold-threads": """
N = [2]
def first():
    N[0] += 1
    torch.set_num_threads(N[0])
    return torch.get_num_threads()
""",
    "on early-seed": """
def first():
    x = torch.rand(3)
    torch.manual_seed(0)
    return x
""",
    "on own-seed": """
def first():
    g = torch.Generator().manual_seed(3)
    return torch.rand(3)
""",
    "on read-seed": """
def draw(n, seed): return torch.rand(n)
def first(): return draw(3, seed=1)
""",
}
TRAINING = """
def fit(n, between):
    net = nn.Linear(1, 1, bias=False)
    net.weight.data.fill_(1)
    sgd = torch.optim.SGD(net.parameters(), 0.5)
    for _ in range(n):
        sgd.zero_grad()
        net(torch.ones(1, 1)).sum().backward()
        sgd.step()
        between(net)
    return net.weight.detach().clone()
"""
# One function against another.
PAIR = {
    "on no-flush": """
T = torch.full((4,), 1e-39)
def first(): return T * 0.5
def second():
    torch.set_flush_denormal(True)
    return T * 0.5
""",
    "on keep-onednn": """
torch.manual_seed(0)
X, W = torch.rand(2, 16, 20, 20), torch.rand(24, 16, 3, 3)
def first(): return F.conv2d(X, W)
def second():
    with torch.backends.mkldnn.flags(enabled=False): return F.conv2d(X, W)
""",
    "on load-all": """
N = nn.Linear(3, 2)
def first(): return N.weight.detach()
def second():
    net = nn.Linear(3, 2)
    net.load_state_dict({f'module.{k}': v for k, v in N.state_dict().items()}, strict=False)
    return net.weight.detach()
""",
    "on only-optimizer": TRAINING
    + """
def first(): return fit(2, lambda net: None)
def second(): return fit(2, lambda net: net.weight.data.mul_(2) if net.weight > 0 else None)
""",
    "on call-train": """
class Net(nn.Linear):
    def train(self, mode=True):
        self.scale = 2.0
        return super().train(mode)
    def forward(self, x): return super().forward(x) * getattr(self, 'scale', 1.0)
def run(calls):
    net = Net(1, 1)
    net.weight.data.fill_(1)
    return (net.train() if calls else net)(torch.ones(1, 1)) - net.bias
def first(): return run(False).detach()
def second(): return run(True).detach()
""",
    "on weigh-means": """
X = torch.arange(5.0)
def mean(size):
    made = [X[i:i + size].mean().item() for i in range(0, 5, size)]
    return sum(made) / len(made)
def first(): return mean(4)
def second(): return mean(5)
""",
    "on math-attention": """
from torch.nn.attention import SDPBackend, sdpa_kernel
X = torch.rand(3, 1, 2, 24, 16)
def first(): return F.scaled_dot_product_attention(*X)
def second():
    with sdpa_kernel(SDPBackend.MATH): return F.scaled_dot_product_attention(*X)
""",
    "on wide-integers": """
P = torch.tensor([250, 3], dtype=torch.uint8)
def first(): return (P + 10).long()
def second(): return P.long() + 10
""",
    "on wide-range": """
X = torch.tensor([1.0, 90.0])
def first(): return X.exp().sum().log()
def second(): return torch.logsumexp(X, 0)
""",
    "on fresh-workers": """
from torch.utils.data import DataLoader
class Data(torch.utils.data.Dataset):
    epoch = 0
    def __len__(self): return 1
    def __getitem__(self, i): return torch.tensor(self.epoch)
def epochs(**how):
    data = Data()
    loader = DataLoader(data, num_workers=1, **how)
    made = []
    for data.epoch in range(2): made += list(loader)
    return torch.cat(made)
def first(): return epochs()
def second(): return epochs(persistent_workers=True)
""",
    "on no-autocast": """
M = torch.full((8, 8), 0.1)
def first(): return (M @ M).float()
def second():
    with torch.autocast('cpu', torch.bfloat16): return (M @ M).float()
""",
    "on serial": "race_pair pooled in_order",
    "on in-order": """
import asyncio
async def part(number, turns, made):
    for turn in range(turns): await asyncio.sleep(0)
    made.append(number)
async def parts(turns):
    made = []
    await asyncio.gather(*(part(n, t, made) for n, t in enumerate(turns)))
    return made
def first(): return asyncio.run(parts([0, 0, 0]))
def second(): return asyncio.run(parts([2, 1, 0]))
""",
    "on no-workers": "workers_pair in_process with_workers",
    "on apart": "overlap_inplace spread_in_place spread",
    "on copy-windows": "overlap_windows tidy quick",
    "on copy-saved": "overlap_saved gradient gradient_with_log",
    "on clear-gradients": "accumulation_no_zero clearing forgetting",
    "on no-autocast-cache": "autocast_cache cached uncached",
    "on carry-optimizer": "checkpoint_momentum straight resumed",
    "on carry-scheduler": """
def fit(stops):
    net = nn.Linear(1, 1, bias=False)
    net.weight.data.fill_(1)
    sgd = torch.optim.SGD(net.parameters(), 0.5)
    plan = torch.optim.lr_scheduler.StepLR(sgd, 1, 0.5)
    for step in range(4):
        if stops and step == 2:
            state = net.state_dict()
            net = nn.Linear(1, 1, bias=False)
            net.load_state_dict({k: v.clone() for k, v in state.items()})
            sgd = torch.optim.SGD(net.parameters(), 0.5)
            plan = torch.optim.lr_scheduler.StepLR(sgd, 1, 0.5)
        sgd.zero_grad()
        net(torch.ones(1, 1)).sum().backward()
        sgd.step()
        plan.step()
    return net.weight.detach().clone()
def first(): return fit(False)
def second(): return fit(True)
""",
    "on carry-generators": "checkpoint_generator straight resumed",
    "on carry-buffers": "checkpoint_buffer at_once in_two",
    "on carry-own": """
class Walk:
    def __init__(self, w=0.0):
        self.generator, self.w = torch.Generator().manual_seed(7), w
    def run(self, n):
        for _ in range(n):
            self.w = 0.5 * self.w + torch.rand(3, generator=self.generator)
        return self
def first(): return Walk().run(4).w
def second(): return Walk(Walk().run(2).w).run(2).w
""",
    "on eval-norm": "batchnorm_pair while_training while_serving",
    "on go-on-training": "eval_left_on alone validated",
    "on first-seed": "reseeded_pair plain fixed_evaluation",
    "on local-seeds": "reseeded_splitter report old_report",
    "on keyed-seeds": "shift_logging quiet logged",
    "on plain": "layout_pair row_sums row_sums_transposed",
    "on rows": "batch_size_pair batched one_by_one",
    "on split": "coupling_pair together separately",
    "on split-outermost": """
def mean(batch): return batch.mean(0, keepdim=True) + batch * 0
class All:
    def __call__(self, rows, n):
        return torch.cat([mean(rows[i:i + n]) for i in range(0, len(rows), n)])
A = All()
def first(): return A(torch.arange(4.0).reshape(4, 1), 1)
def second(): return A(torch.arange(4.0).reshape(4, 1), 4)
""",
    "on one-row": """
X = torch.arange(4.0)
def centered(n): return torch.cat([X[i:i + n] - X[i:i + n].mean() for i in range(0, 4, n)])
def first(): return centered(1)
def second(): return centered(4)
""",
    "on wide-halves": """
X = np.arange(3) / 3
def first(): return X.astype(np.float32) * 1.0
def second(): return X.astype(np.float16).astype('float32') * 1.0
""",
    "on wide-singles": """
X = np.arange(5) / 7
def first(): return X.astype('float32').sum().astype(np.float64)
def second(): return X.sum()
""",
    "on sorted-sets": """
def first(): return list(set('cab')) and [ord(c) for c in set('cabdefgh')]
def second(): return [ord(c) for c in sorted('cabdefgh')]
""",
    "on filled-sets": """
def first(): return [ord(c) for c in set('cabdefgh')]
def second(): return [ord(c) for c in 'cabdefgh']
""",
    "on double": "dtype_pair single double",
    "on keyed": """
def draws(seed):
    torch.manual_seed(seed)
    return torch.rand(3)
def first(): return draws(1)
def second(): return draws(2)
""",
    "on plain-arrays": "layout_columns by_rows by_columns",
    "on copy-kept": "overlap_history copied aliased",
}
# What a CPU, or a run of seconds, cannot show: why there is no example here.
ELSEWHERE = {
    "on keep-arguments": "another run finds its helpers: mutated_pair in the corpus",
    "on forget": "another run finds its helpers: test_arguments, and state_pair in the corpus",
    "on deterministic": "two threads add as they come: index_add_threads in the corpus",
    "on no-compile": "compiling takes long: compile_pair in the corpus",
    "on cudnn-deterministic": "cuDNN runs on CUDA devices only",
    "on no-cudnn": "the same",
    "on launch-blocking": "the CPU waits for itself",
    "on full-sums": "cuBLAS has these switches",
    "on cpu-draws": "one generator serves all draws on a CPU",
    "on full-precision": "few CPUs have shorter products to choose",
    "on hold-cpu": "the difference shows on some CPUs only",
    "on one-device": "it takes a device beside the CPU: test_devices computes with a stand-in",
    "on wait": "the same",
    "on look-for-infinity": "it is a question, not an explanation",
    "on weigh": "its weights are computed from two runs: accumulation_summed in the corpus",
    "on shake-dropout": "it is a question, not an explanation",
    "on still": "the same",
    "on same-seed": "the same",
    "on other-cpu": "the same",
    "on send-weights": "it takes several ranks: targets/test_ranks",
    "on set-epoch": "the same",
    "on share-rows": "the same",
    "on join-statistics": "the same",
    "on weigh-shards": "the same",
    "on fixed-reduction": "the same",
    "between default-dtype": "it explains the second of two after the first: dtype_default",
}
