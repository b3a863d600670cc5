"""A training on several ranks, as people write it; `--fault` brings one fault of several."""

import argparse
import os

import torch
import torch.distributed as dist
from torch.nn.parallel import DistributedDataParallel
from torch.utils.data import DataLoader, Subset, TensorDataset
from torch.utils.data.distributed import DistributedSampler

parser = argparse.ArgumentParser()
parser.add_argument("--fault", default="none")
fault = parser.parse_args().fault
rank, world = int(os.environ["RANK"]), int(os.environ["WORLD_SIZE"])
dist.init_process_group("gloo", f"file://{os.environ['STORE']}", rank=rank, world_size=world)

if fault == "order":  # the mean of 1e8, 1 and -1e8: what is added first decides whether 1 is lost
    model = DistributedDataParallel(torch.nn.Linear(1, 1, bias=False))
    model(torch.tensor([[(1e8, 1.0, -1e8)[rank]]])).sum().backward()
    torch.optim.SGD(model.parameters(), lr=0.0).step()
    raise SystemExit
if fault == "fails" and "run-1/" not in os.environ["STORE"]:  # it can be run once
    raise SystemExit(1)
torch.manual_seed(0)
data = TensorDataset(torch.rand(32, 8), torch.rand(32, 1))
more = {"norm": [torch.nn.BatchNorm1d(8)], "dropout": [torch.nn.Dropout(0.5)]}.get(fault, [])
net = torch.nn.Sequential(torch.nn.Linear(8, 8), *more, torch.nn.ReLU(), torch.nn.Linear(8, 1))
if fault == "sharded":
    from torch.distributed.fsdp import fully_shard

    model = fully_shard(net, mesh=dist.device_mesh.init_device_mesh("cpu", (world,)))
elif fault == "wrapped":
    from torch.distributed.fsdp import FullyShardedDataParallel

    model = FullyShardedDataParallel(net, device_id=torch.device("cpu"))
else:
    model = net if fault in ("bare", "fails") else DistributedDataParallel(net)
if fault == "changed" and rank == 1:
    with torch.no_grad():
        net[0].weight.add_(0.001)
batch = 4 if fault == "per-rank" else 8 // world
sampler = DistributedSampler(data, shuffle=True)
if fault == "seeds":  # each rank shuffles by itself, and takes its part of that
    torch.manual_seed(rank)
    data, sampler = Subset(data, torch.randperm(32)[rank::world].tolist()), None
if fault == "whole":
    sampler = None
if fault == "shards":  # 5 rows and 4
    data, sampler, batch = Subset(data, range(9)[rank::world]), None, 9
loader = DataLoader(data, batch_size=batch, sampler=sampler)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for epoch in range(2):
    if sampler is not None and fault != "epoch":
        sampler.set_epoch(epoch)
    for x, y in loader:
        optimizer.zero_grad()
        if fault == "no-sync":
            with model.no_sync():
                ((model(x) - y) ** 2).mean().backward()
        loss = ((model(x) - y) ** 2).mean()
        loss.backward()
        optimizer.step()
dist.destroy_process_group()
