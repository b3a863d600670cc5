"""Logging that rescales what it logs."""

import numpy as np


def load():
    return {"temps": np.array([20.0, 22.5, 19.0, 25.0]), "weights": np.array([1.0, 2.0, 2.0, 1.0])}


def log_summary(batch):
    t = batch["temps"]
    t -= t.mean()
    return f"range {t.min():.1f} {t.max():.1f}"


def forecast(batch):
    return (batch["temps"] * batch["weights"]).sum() / batch["weights"].sum()


def silent():
    batch = load()
    return forecast(batch)


def logged():
    batch = load()
    log_summary(batch)
    return forecast(batch)
