"""The chapter's exercises: what is asked, how it is checked, and the wrong answers foreseen."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from workbook.floats import bits_equal
from workbook.question import Exercise, Form, WrongAnswer

IMPORTS = "import torch\nimport torch.nn.functional as F\nfrom torch import nn"
Batch = tuple[Tensor, Tensor]
Batches = list[Batch]
Fit = Callable[[nn.Module, Batches, Batch], list[float]]
SCRIPT = """def fit(model, batches, held_out):
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    scores = []
    for x, y in batches:
        {}
        loss = F.mse_loss(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        {}
        with torch.no_grad():
            scores.append(F.mse_loss(model(held_out[0]), held_out[1]).item())
    return scores
"""
REPAIRED = SCRIPT.format("model.train()", "model.eval()")


def _obeys(net: Any) -> bool | str:
    x = torch.ones(200)
    net.answer.eval()
    if not bits_equal(net(x.clone()), x):
        return "In evaluation mode the output is not the input."
    net.answer.train()
    masks = [net(x.clone()) for _ in range(3)]
    if any(bool((mask != 0).all()) for mask in masks):
        return "In training mode nothing was dropped."
    if bits_equal(masks[0], masks[1]):
        return "Every pass drops the same entries."
    kept = {value for mask in masks for value in mask.tolist()} - {0.0}
    return kept == {2.0} or "What is kept of an input of ones must be 1/(1 - 0.5)."


def _in_mode(net: nn.Module, training: bool) -> Tensor:
    output: Tensor = net.train(training)(torch.ones(200))
    return output


def _some_dropped(net: nn.Module, training: bool) -> bool:
    return bool((_in_mode(net, training) == 0).any())


def _parts() -> nn.Sequential:
    model = nn.Sequential(nn.Linear(6, 5), nn.BatchNorm1d(5), nn.Dropout(0.5), nn.Linear(5, 2))
    for _ in range(4):
        model(torch.rand(8, 6))
    return model


def _frozen(freeze: Callable[[nn.Module], Any]) -> bool | str:
    model = _parts().eval()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    freeze(model)
    after = model.state_dict()
    if set(after) != set(before):
        return "The model's `state_dict` has other keys, so a saved one no longer loads into it."
    if not all(bits_equal(value, after[name]) for name, value in before.items()):
        return "The trained statistics are gone."
    if not _drops(model[2]):
        return "Dropout is off: it hands its input on as it is."
    if not _keeps(model[1]):
        return "A pass still moves the running statistics of BatchNorm1d."
    with torch.enable_grad():
        model(torch.rand(8, 6)).sum().backward()
    if any(weight.grad is None for weight in model.parameters()):
        return "The weights must stay trainable."
    nested = nn.Sequential(_parts(), nn.BatchNorm1d(2), nn.Sequential(nn.Dropout(0.5)))
    freeze(nested.eval())
    norms = [layer for layer in nested.modules() if isinstance(layer, nn.BatchNorm1d)]
    drops = [layer for layer in nested.modules() if isinstance(layer, nn.Dropout)]
    reached = all(map(_keeps, norms)) and all(map(_drops, drops))
    return reached or "A layer inside of another module was not reached."


def _drops(layer: nn.Module) -> bool:
    return bool((layer(torch.ones(200)) == 0).any())


def _keeps(norm: Any) -> bool:
    """Say whether a pass leaves the mean and the variance that the layer keeps as they are."""
    kept = [norm.running_mean, norm.running_var]
    before = [None if each is None else each.clone() for each in kept]
    norm(torch.rand(8, norm.num_features))
    return all(
        old is not None and new is not None and bits_equal(old, new)
        for old, new in zip(before, [norm.running_mean, norm.running_var], strict=True)
    )


def _modes(freeze: Callable[[nn.Module], Any]) -> tuple[bool, ...]:
    model = _parts().eval()
    freeze(model)
    return (model[1].training, model[2].training, next(model.parameters()).requires_grad)


def _made_without(remove: Callable[[nn.Module], Any]) -> bool | str:
    first = nn.Sequential(nn.Dropout(0.1), nn.Linear(6, 3), nn.ReLU(), nn.Dropout(0.1))
    for trained in (_parts().eval(), first.eval()):
        told = _is_without(remove, trained)
        if told is not True:
            return told
    return True


def _is_without(remove: Callable[[nn.Module], Any], trained: nn.Sequential) -> bool | str:
    x = torch.rand(8, 6)
    truth, keys = trained(x), list(trained.state_dict())
    made = remove(trained)
    if any(isinstance(layer, nn.Dropout) for layer in made.modules()):
        return "There is still a Dropout layer in it."
    if list(made.state_dict()) != keys:
        return "Its `state_dict` has other keys, so a saved model no longer loads into it."
    return bits_equal(made.eval()(x), truth) or "It does not give the trained model's outputs."


def _fit() -> Fit:
    """Give the script of the exercise, repaired."""
    names: dict[str, Any] = {}
    exec(f"{IMPORTS}\n{REPAIRED}", names)
    fit: Fit = names["fit"]
    return fit


def _fitted(fit: Fit) -> tuple[list[float], list[list[float]]]:
    """Run a training script from one start; give its scores, and the model that it leaves."""
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(4, 16), nn.BatchNorm1d(16), nn.Dropout(0.5), nn.Linear(16, 1))
    data = [(x, x.sum(1, keepdim=True)) for x in torch.rand(5, 8, 4)]
    scores = fit(model, data[:4], data[4])
    return list(scores), [value.flatten().tolist() for value in model.state_dict().values()]


def _is_repaired(fit: Fit) -> bool | str:
    scores, state = _fitted(fit)
    expected, trained = _fitted(_fit())
    if len(scores) != len(expected):
        return f"There must be one score for each batch, {len(expected)} in all."
    if not all(map(_close, state, trained)):
        return "The trained model is not the one that the batches alone would give."
    return _close(scores, expected) or "The model is right, its scores are not."


def _close(values: list[float], others: list[float]) -> bool:
    """Say whether they agree but for rounding: the loss may be written in another way.

    A loss that is written in another way rounds in the seventh digit, the foreseen mistakes move
    the scores in their first: the tolerance lies between.
    """
    return torch.allclose(torch.tensor(values), torch.tensor(others), rtol=1e-3, atol=1e-5)


OBEY_THE_MODE = Exercise(
    name="obey_the_mode",
    task="Complete `forward` with `F.dropout`, so that it drops in training mode only.",
    setup=IMPORTS,
    stub="class Net(nn.Module):\n    def forward(self, x):\n        return ...\n",
    answer="Net()",
    form=Form("module", returns=Form("tensor")),
    may_change=("random numbers",),
    check=_obeys,
    wrong=(
        WrongAnswer(
            source="F.dropout(x, 0.5)",
            message="`F.dropout` without its `training` argument drops in every mode, and so "
            "does a Dropout that is made anew in `forward`: it is never told the mode.",
            recognizes=lambda net: all(_some_dropped(net, mode) for mode in (True, False)),
        ),
        WrongAnswer(
            source="F.dropout(x, self.training)",
            message="In training this drops every entry: p, the second argument of `F.dropout`, is "
            "1 there. True counts as 1 and False as 0; name the argument that you mean: "
            "`training=`.",
            recognizes=lambda net: (
                bool((_in_mode(net, True) == 0).all()) and not _some_dropped(net, False)
            ),
        ),
        WrongAnswer(
            source="F.dropout(x, 0.5, not self.training)",
            message="This drops in evaluation mode, and in training mode nothing. `self.training` "
            "is what `F.dropout` wants to know, as it is.",
            recognizes=lambda net: _some_dropped(net, False) and not _some_dropped(net, True),
        ),
        WrongAnswer(
            source="x",
            message="This drops in no mode: training needs the dropout.",
            recognizes=lambda net: bool((_in_mode(net, True) == 1).all()),
        ),
    ),
    hints=(
        "Every module knows its mode: `self.training` is True after `train()`.",
        "`F.dropout` has an argument `training`.",
    ),
    solution="F.dropout(x, 0.5, training=self.training)",
    because="The function has no mode, so it has to be told the module's.",
)
FREEZE_STATISTICS = Exercise(
    name="freeze_statistics",
    task=(
        "Write `freeze(model)`: after it dropout is active and all weights are trainable, as in "
        "training mode, but passes no longer move the running statistics of BatchNorm1d layers."
    ),
    setup=IMPORTS,
    stub="def freeze(model):\n    ...",
    form=Form("function"),
    may_change=("random numbers",),
    check=_frozen,
    wrong=(
        WrongAnswer(
            source="model.eval()",
            message="Dropout is still in evaluation mode: so the model came, and `model.eval()` "
            "puts every layer there. Begin with the mode that most layers need.",
            recognizes=lambda freeze: _modes(freeze) == (False, False, True),
        ),
        WrongAnswer(
            source="model.train().requires_grad_(False)",
            message="Gradients do not move running statistics, forward passes do; and now no "
            "weight learns.",
            recognizes=lambda freeze: not _modes(freeze)[2],
        ),
        WrongAnswer(
            source="model.train()",
            message="In training mode each pass moves the running statistics of BatchNorm.",
            recognizes=lambda freeze: _modes(freeze) == (True, True, True),
        ),
    ),
    hints=(
        "`train()` and `eval()` can be called on a single layer.",
        "`for layer in model.modules()` reaches every layer; ask each with `isinstance`.",
    ),
    solution=(
        "model.train()\n"
        "for layer in model.modules():\n"
        "    if isinstance(layer, nn.BatchNorm1d):\n"
        "        layer.eval()"
    ),
    because=(
        "The mode is kept layer by layer. There is more than one way: `layer.eval()` uses the "
        "running statistics and keeps them, `layer.momentum = 0.0` keeps them and goes on "
        "normalizing with the batch. A later `model.train()` would undo the first: repeat it."
    ),
)
WITHOUT_DROPOUT = Exercise(
    name="without_dropout",
    task=(
        "Write `remove(model)`: from an `nn.Sequential`, make one without Dropout that keeps the "
        "trained layers and the keys of the `state_dict`."
    ),
    setup=IMPORTS,
    stub="def remove(model):\n    ...",
    form=Form("function", returns=Form("module")),
    check=_made_without,
    wrong=(
        WrongAnswer(
            source="return nn.Sequential(*(m for m in model if not isinstance(m, nn.Dropout)))",
            message="The layers no longer stand where they stood, and their keys moved with them.",
        ),
    ),
    hints=("Something has to take the place of the layer.", "`nn.Identity()` hands its input on."),
    solution=(
        "kept = [nn.Identity() if isinstance(m, nn.Dropout) else m for m in model]\n"
        "return nn.Sequential(*kept)"
    ),
    because="Positions are part of a model's format. For the outputs, `eval()` would have done.",
)
REPAIR_THE_TRAINING = Exercise(
    name="repair_the_training",
    task=(
        "Repair `fit(model, batches, held_out)`: the score after each batch comes from the model "
        "as it will be used, and the held-out rows leave no trace in the training."
    ),
    setup=IMPORTS,
    stub="def fit(model, batches, held_out):\n    ...",
    form=Form("function", returns=Form("list")),
    may_change=("random numbers",),
    check=_is_repaired,
    wrong=(
        WrongAnswer(
            source=SCRIPT.format("pass", "pass"),
            message="That is the script as it was: dropout draws in each score, and the held-out "
            "rows move the running statistics. `no_grad` prevents neither.",
        ),
        WrongAnswer(
            source=SCRIPT.format("pass", "model.eval()"),
            message="Each score is taken in the right mode, but from the second batch on the "
            "model trains in evaluation mode, too. Nobody switched it back.",
        ),
    ),
    hints=(
        "Which mode does each of the two calls of the model need?",
        "A mode stays until it is changed: switch before each call, in the loop.",
    ),
    solution=REPAIRED,
    because="Two switches in one loop. Torch has no block that puts the mode back by itself.",
)
