import torch
from torch.utils.data import DataLoader, Dataset


class Squares(Dataset):
    def __len__(self):
        return 6

    def __getitem__(self, i):
        return torch.tensor(float(i * i))


def load():
    return torch.cat([b for b in DataLoader(Squares(), batch_size=3, num_workers=2)])
