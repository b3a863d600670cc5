import torch


def loss_of(w, through_data):
    y = torch.exp(w)
    z = y * 2
    loss = (y * z).sum()
    if through_data:
        y.data.add_(1.0)  # only for the log
    loss.backward()
    return w.grad


def gradient():
    return loss_of(torch.tensor([0.5, 1.0], requires_grad=True), False)


def gradient_with_log():
    return loss_of(torch.tensor([0.5, 1.0], requires_grad=True), True)
