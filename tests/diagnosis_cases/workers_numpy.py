import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset


class Noisy(Dataset):
    def __len__(self):
        return 8

    def __getitem__(self, i):
        return torch.tensor(i + np.random.rand())


def epoch():
    np.random.seed(0)
    loader = DataLoader(Noisy(), batch_size=4, num_workers=2)
    return torch.cat([batch for batch in loader])
