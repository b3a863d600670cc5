"""The smallest program that each intervention explains: `first` again, or `first` against `second`.

A program is text, or the name of a program in `tests/diagnosis_cases` with its functions.
"""
# ruff: noqa: E501  (a table: one row, one program)

from __future__ import annotations

HEAD = "import random, threading, time\nimport numpy as np\nimport torch\nfrom torch import nn\nimport torch.nn.functional as F\n"

# Against itself: called again, or in another process under other conditions.
AGAIN = {
    ("hold", "clock"): "T = time.time()\ndef first(): return T",
    (
        "hold",
        "files",
    ): "import os\ndef first(): return [len(n) + ord(n[0]) for n in os.listdir('/usr')]",
    ("hold", "poison"): "def first(): return torch.empty(3) * 0 + torch.empty(3)",
    ("hold", "hash"): "def first(): return hash('a') % 1000",
    ("hold", "threads"): "def first(): return torch.get_num_threads()",
    (
        "hold",
        "switch",
    ): "import sys\ndef first():\n    threading.Thread(target=int).start()\n    return sys.getswitchinterval()",
    ("hold", "rng"): "T = torch.rand(3)\ndef first(): return T",
    ("between", "clock"): "def first(): return time.perf_counter()",
    (
        "between",
        "gradient",
    ): "W = torch.ones(3, requires_grad=True)\ndef first():\n    W.sum().backward()\n    return W.grad.clone()",
    ("between", "data"): "T = torch.ones(3)\ndef first(): return T.add_(1).clone()",
    (
        "between",
        "module",
    ): "class C:\n    n = 0\n    def __init__(self): self.seen = 0\nM = C()\ndef first():\n    M.seen += 1\n    return M.seen",
    ("between", "state"): "N = []\ndef first():\n    N.append(1)\n    return len(N)",
    (
        "between",
        "num-threads",
    ): "def first():\n    torch.set_num_threads(torch.get_num_threads() + 1)\n    return torch.get_num_threads()",
    ("between", "rng"): "torch.manual_seed(0)\ndef first(): return torch.rand(3)",
    (
        "between",
        "fork",
    ): "def counter():\n    while True: yield 1\nG = enumerate(counter())\ndef first(): return next(G)[0]",
    (
        "on",
        "no-inplace",
    ): "X = torch.tensor([-1.0, 2.0])\ndef first():\n    total = X.sum()\n    F.relu(X, inplace=True)\n    return total",
    ("on", "eval-dropout"): "L = nn.Dropout(0.5)\ndef first(): return L(torch.ones(64))",
    (
        "on",
        "no-dropout",
    ): "def first():\n    x = torch.ones(64, requires_grad=True)\n    F.dropout(x).sum().backward()\n    return x.grad",
    (
        "on",
        "eval-noise",
    ): "class M(nn.Module):\n    def forward(self, x): return x + torch.rand(3) if self.training else x\nL = M()\ndef first(): return L(torch.ones(3))",
    (
        "on",
        "one-seed",
    ): "def first():\n    torch.manual_seed(time.time_ns() % 1000)\n    return torch.rand(3)",
    (
        "on",
        "hold-threads",
    ): "N = [2]\ndef first():\n    N[0] += 1\n    torch.set_num_threads(N[0])\n    return torch.get_num_threads()",
    (
        "on",
        "early-seed",
    ): "def first():\n    x = torch.rand(3)\n    torch.manual_seed(0)\n    return x",
    (
        "on",
        "own-seed",
    ): "def first():\n    g = torch.Generator().manual_seed(3)\n    return torch.rand(3)",
    (
        "on",
        "read-seed",
    ): "def draw(n, seed): return torch.rand(n)\ndef first(): return draw(3, seed=1)",
}
TRAINING = "def fit(n, between):\n    net = nn.Linear(1, 1, bias=False)\n    net.weight.data.fill_(1)\n    sgd = torch.optim.SGD(net.parameters(), 0.5)\n    for _ in range(n):\n        sgd.zero_grad()\n        net(torch.ones(1, 1)).sum().backward()\n        sgd.step()\n        between(net)\n    return net.weight.detach().clone()\n"
# One function against another.
PAIR = {
    (
        "on",
        "no-flush",
    ): "T = torch.full((4,), 1e-39)\ndef first(): return T * 0.5\ndef second():\n    torch.set_flush_denormal(True)\n    return T * 0.5",
    (
        "on",
        "load-all",
    ): "N = nn.Linear(3, 2)\ndef first(): return N.weight.detach()\ndef second():\n    net = nn.Linear(3, 2)\n    net.load_state_dict({f'module.{k}': v for k, v in N.state_dict().items()}, strict=False)\n    return net.weight.detach()",
    (
        "on",
        "only-optimizer",
    ): TRAINING
    + "def first(): return fit(2, lambda net: None)\ndef second(): return fit(2, lambda net: net.weight.data.mul_(2) if net.weight > 0 else None)",
    (
        "on",
        "call-train",
    ): "class Net(nn.Linear):\n    def train(self, mode=True):\n        self.scale = 2.0\n        return super().train(mode)\n    def forward(self, x): return super().forward(x) * getattr(self, 'scale', 1.0)\ndef run(calls):\n    net = Net(1, 1)\n    net.weight.data.fill_(1)\n    return (net.train() if calls else net)(torch.ones(1, 1)) - net.bias\ndef first(): return run(False).detach()\ndef second(): return run(True).detach()",
    (
        "on",
        "weigh-means",
    ): "X = torch.arange(5.0)\ndef mean(size):\n    made = [X[i:i + size].mean().item() for i in range(0, 5, size)]\n    return sum(made) / len(made)\ndef first(): return mean(4)\ndef second(): return mean(5)",
    (
        "on",
        "math-attention",
    ): "from torch.nn.attention import SDPBackend, sdpa_kernel\nX = torch.rand(3, 1, 2, 24, 16)\ndef first(): return F.scaled_dot_product_attention(*X)\ndef second():\n    with sdpa_kernel(SDPBackend.MATH): return F.scaled_dot_product_attention(*X)",
    (
        "on",
        "wide-integers",
    ): "P = torch.tensor([250, 3], dtype=torch.uint8)\ndef first(): return (P + 10).long()\ndef second(): return P.long() + 10",
    (
        "on",
        "wide-range",
    ): "X = torch.tensor([1.0, 90.0])\ndef first(): return X.exp().sum().log()\ndef second(): return torch.logsumexp(X, 0)",
    (
        "on",
        "fresh-workers",
    ): "from torch.utils.data import DataLoader\nclass Data(torch.utils.data.Dataset):\n    epoch = 0\n    def __len__(self): return 1\n    def __getitem__(self, i): return torch.tensor(self.epoch)\ndef epochs(**how):\n    data = Data()\n    loader = DataLoader(data, num_workers=1, **how)\n    made = []\n    for data.epoch in range(2): made += list(loader)\n    return torch.cat(made)\ndef first(): return epochs()\ndef second(): return epochs(persistent_workers=True)",
    (
        "on",
        "no-autocast",
    ): "M = torch.full((8, 8), 0.1)\ndef first(): return (M @ M).float()\ndef second():\n    with torch.autocast('cpu', torch.bfloat16): return (M @ M).float()",
    (
        "on",
        "no-compile",
    ): "def wrong(graph, inputs): return lambda *rest: (torch.ones(3),)\ndef first(): return torch.zeros(3) + 2\ndef second(): return torch.compile(lambda x: x + 2, backend=wrong)(torch.zeros(3))",
    ("on", "serial"): "race_pair pooled in_order",
    ("on", "no-workers"): "workers_pair in_process with_workers",
    ("on", "apart"): "overlap_inplace spread_in_place spread",
    ("on", "copy-windows"): "overlap_windows tidy quick",
    ("on", "copy-saved"): "overlap_saved gradient gradient_with_log",
    ("on", "clear-gradients"): "accumulation_no_zero clearing forgetting",
    ("on", "no-autocast-cache"): "autocast_cache cached uncached",
    ("on", "carry-optimizer"): "checkpoint_momentum straight resumed",
    (
        "on",
        "carry-scheduler",
    ): "def fit(stops):\n    net = nn.Linear(1, 1, bias=False)\n    net.weight.data.fill_(1)\n    sgd = torch.optim.SGD(net.parameters(), 0.5)\n    plan = torch.optim.lr_scheduler.StepLR(sgd, 1, 0.5)\n    for step in range(4):\n        if stops and step == 2:\n            state = net.state_dict()\n            net = nn.Linear(1, 1, bias=False)\n            net.load_state_dict({k: v.clone() for k, v in state.items()})\n            sgd = torch.optim.SGD(net.parameters(), 0.5)\n            plan = torch.optim.lr_scheduler.StepLR(sgd, 1, 0.5)\n        sgd.zero_grad()\n        net(torch.ones(1, 1)).sum().backward()\n        sgd.step()\n        plan.step()\n    return net.weight.detach().clone()\ndef first(): return fit(False)\ndef second(): return fit(True)",
    ("on", "carry-generators"): "checkpoint_generator straight resumed",
    ("on", "carry-buffers"): "checkpoint_buffer at_once in_two",
    ("on", "eval-norm"): "batchnorm_pair while_training while_serving",
    ("on", "go-on-training"): "eval_left_on alone validated",
    ("on", "first-seed"): "reseeded_pair plain fixed_evaluation",
    ("on", "local-seeds"): "reseeded_splitter report old_report",
    ("on", "keyed-seeds"): "shift_logging quiet logged",
    ("on", "plain"): "layout_pair row_sums row_sums_transposed",
    ("on", "rows"): "batch_size_pair batched one_by_one",
    ("on", "split"): "coupling_pair together separately",
    (
        "on",
        "split-outermost",
    ): "def mean(batch): return batch.mean(0, keepdim=True) + batch * 0\nclass All:\n    def __call__(self, rows, n):\n        return torch.cat([mean(rows[i:i + n]) for i in range(0, len(rows), n)])\nA = All()\ndef first(): return A(torch.arange(4.0).reshape(4, 1), 1)\ndef second(): return A(torch.arange(4.0).reshape(4, 1), 4)",
    (
        "on",
        "one-row",
    ): "X = torch.arange(4.0)\ndef centered(n): return torch.cat([X[i:i + n] - X[i:i + n].mean() for i in range(0, 4, n)])\ndef first(): return centered(1)\ndef second(): return centered(4)",
    (
        "on",
        "wide-halves",
    ): "X = np.arange(3) / 3\ndef first(): return X.astype(np.float32) * 1.0\ndef second(): return X.astype(np.float16).astype('float32') * 1.0",
    (
        "on",
        "wide-singles",
    ): "X = np.arange(5) / 7\ndef first(): return X.astype('float32').sum().astype(np.float64)\ndef second(): return X.sum()",
    (
        "on",
        "sorted-sets",
    ): "def first(): return list(set('cab')) and [ord(c) for c in set('cabdefgh')]\ndef second(): return [ord(c) for c in sorted('cabdefgh')]",
    (
        "on",
        "filled-sets",
    ): "def first(): return [ord(c) for c in set('cabdefgh')]\ndef second(): return [ord(c) for c in 'cabdefgh']",
    ("on", "double"): "dtype_pair single double",
    (
        "on",
        "keyed",
    ): "def draws(seed):\n    torch.manual_seed(seed)\n    return torch.rand(3)\ndef first(): return draws(1)\ndef second(): return draws(2)",
    ("on", "plain-arguments"): "layout_columns by_rows by_columns",
    ("on", "copy-kept"): "overlap_history copied aliased",
    ("on", "forget"): "state_pair fresh_sequence second_sequence",
}
# What a CPU, or a run of seconds, cannot show: why there is no example here.
ELSEWHERE = {
    (
        "on",
        "keep-arguments",
    ): "the helpers that it acts on are found by another run: mutated_pair in the corpus",
    (
        "on",
        "deterministic",
    ): "whether two threads add in another order is chance: index_add_threads in the corpus",
    ("on", "cudnn-deterministic"): "cuDNN runs on CUDA devices only",
    ("on", "no-cudnn"): "the same",
    ("on", "launch-blocking"): "the CPU waits for itself",
    ("on", "full-sums"): "cuBLAS has these switches",
    ("on", "cpu-draws"): "one generator serves all draws on a CPU",
    ("on", "full-precision"): "few CPUs have shorter products to choose",
    ("on", "hold-cpu"): "the difference shows on some CPUs only",
    ("on", "one-device"): "it takes a device beside the CPU: test_devices computes with a stand-in",
    ("on", "wait"): "the same",
    ("on", "look-for-infinity"): "it is a question, not an explanation",
    ("on", "weigh"): "its weights are computed from two runs: accumulation_summed in the corpus",
    ("on", "shake-dropout"): "it is a question, not an explanation",
    ("on", "still"): "the same",
    ("on", "same-seed"): "the same",
    ("on", "send-weights"): "it takes several ranks: targets/test_ranks",
    ("on", "set-epoch"): "the same",
    ("on", "share-rows"): "the same",
    ("on", "join-statistics"): "the same",
    ("on", "weigh-shards"): "the same",
    ("on", "fixed-reduction"): "the same",
    ("between", "default-dtype"): "it explains the second of two after the first: dtype_default",
}
