import torch


def augment(row):
    torch.manual_seed(0)  # keep it reproducible
    return row + 0.1 * torch.randn(row.shape)


def augmented_batch():
    torch.manual_seed(42)
    batch = torch.rand(6, 4)
    return torch.stack([augment(row) for row in batch])
