"""Rows of the catalogue: convolution, pooling, resampling, padding. Data only."""

from collections.abc import Callable
from functools import partial

from torch import Tensor
from torch.nn import functional as F

from workbook.causes.cudnn.operations import Operation, batch, rand

IMAGE, FILTER = batch(8, 8, 24, 24), rand(16, 8, 3, 3)
LINE, LINE_FILTER = batch(8, 8, 256), rand(16, 8, 3)
SOLID, SOLID_FILTER = batch(4, 4, 8, 8, 8), rand(8, 4, 3, 3, 3)
conv2d = partial(F.conv2d, padding=1)


CONVOLUTION = (
    Operation("conv1d", (LINE, LINE_FILTER), F.conv1d, entry=("nn.Conv1d",)),
    Operation("conv2d", (IMAGE, FILTER), conv2d, entry=("nn.Conv2d",)),
    Operation("conv3d", (SOLID, SOLID_FILTER), F.conv3d, entry=("nn.Conv3d",)),
    Operation("conv1d, weights' grad.", (LINE, LINE_FILTER), F.conv1d, 1, ("nn.Conv1d",)),
    Operation("conv2d, input's grad.", (IMAGE, FILTER), conv2d, 0, ("nn.Conv2d",)),
    Operation("conv2d, weights' grad.", (IMAGE, FILTER), conv2d, 1, ("nn.Conv2d",)),
    Operation(
        "conv2d RGB, weights' gr.",
        (batch(16, 3, 32, 32), rand(16, 3, 3, 3)),
        conv2d,
        1,
        ("nn.Conv2d",),
    ),
    Operation(
        "depthwise, weights' grad.",
        (IMAGE, rand(8, 1, 3, 3)),
        partial(F.conv2d, groups=8),
        1,
        ("nn.Conv2d",),
    ),
    Operation("conv3d, weights' grad.", (SOLID, SOLID_FILTER), F.conv3d, 1, ("nn.Conv3d",)),
    Operation(
        "transposed conv2d",
        (IMAGE, rand(8, 8, 3, 3)),
        partial(F.conv_transpose2d, stride=2),
        entry=("nn.ConvTranspose2d",),
    ),
    Operation(
        "transposed, weights' grad.",
        (IMAGE, rand(8, 8, 3, 3)),
        partial(F.conv_transpose2d, stride=2),
        1,
        ("nn.ConvTranspose2d",),
    ),
    Operation(
        "transposed conv3d",
        (SOLID, rand(4, 4, 3, 3, 3)),
        F.conv_transpose3d,
        entry=("nn.ConvTranspose3d",),
    ),
)


def _gradient(name: str, operand: object, compute: Callable[..., Tensor], *entry: str) -> Operation:
    return Operation(f"{name}, gradient", (operand,), compute, 0, entry)  # type: ignore[arg-type]


def _unpooled(x: Tensor) -> Tensor:
    values, places = F.max_pool2d(x, 2, return_indices=True)
    return F.max_unpool2d(values, places, [2, 2])


POOLING = (
    Operation("max_pool2d", (IMAGE,), partial(F.max_pool2d, kernel_size=3)),
    _gradient("max_pool2d", IMAGE, partial(F.max_pool2d, kernel_size=3, stride=1)),
    _gradient("max_pool3d", SOLID, partial(F.max_pool3d, kernel_size=3, stride=1), "nn.MaxPool3d"),
    _gradient("avg_pool2d", IMAGE, partial(F.avg_pool2d, kernel_size=3, stride=1)),
    _gradient("avg_pool3d", SOLID, partial(F.avg_pool3d, kernel_size=3, stride=1), "nn.AvgPool3d"),
    _gradient(
        "adaptive_avg_pool2d",
        IMAGE,
        partial(F.adaptive_avg_pool2d, output_size=7),
        "nn.AdaptiveAvgPool2d",
    ),
    _gradient(
        "adaptive_avg_pool3d",
        SOLID,
        partial(F.adaptive_avg_pool3d, output_size=3),
        "nn.AdaptiveAvgPool3d",
    ),
    _gradient(
        "adaptive_max_pool2d",
        IMAGE,
        partial(F.adaptive_max_pool2d, output_size=7),
        "nn.AdaptiveMaxPool2d",
    ),
    Operation("max_unpool2d", (IMAGE,), _unpooled, entry=("nn.MaxUnpool2d",)),
    _gradient(
        "reflection_pad2d", IMAGE, partial(F.pad, pad=(5, 5, 5, 5), mode="reflect"),
        "nn.ReflectionPad2d",
    ),
    _gradient(
        "replication_pad2d", IMAGE, partial(F.pad, pad=(5, 5, 5, 5), mode="replicate"),
        "nn.ReplicationPad2d",
    ),
)  # fmt: skip


def _resized(mode: str) -> Callable[..., Tensor]:
    smooth = None if mode.startswith("nearest") else False
    return partial(F.interpolate, scale_factor=2.5, mode=mode, align_corners=smooth)


GRID = batch(8, 24, 24, 2)
RESAMPLING = (
    Operation("bilinear", (IMAGE,), _resized("bilinear")),
    Operation("bicubic", (IMAGE,), _resized("bicubic")),
    _gradient("nearest", IMAGE, _resized("nearest")),
    _gradient("linear", LINE, _resized("linear"), "interpolate", "``linear``"),
    _gradient("bilinear", IMAGE, _resized("bilinear"), "interpolate", "``bilinear``"),
    _gradient("bicubic", IMAGE, _resized("bicubic"), "interpolate", "``bicubic``"),
    _gradient("trilinear", SOLID, _resized("trilinear"), "interpolate", "``trilinear``"),
    _gradient("antialiased", IMAGE, partial(_resized("bilinear"), antialias=True)),
    Operation("grid_sample", (IMAGE, GRID), partial(F.grid_sample, align_corners=False)),
    Operation(
        "grid_sample, image's gr.",
        (IMAGE, GRID),
        partial(F.grid_sample, align_corners=False),
        0,
        ("grid_sample",),
    ),
    Operation(
        "grid_sample, grid's gr.",
        (IMAGE, GRID),
        partial(F.grid_sample, align_corners=False),
        1,
        ("grid_sample",),
    ),
)
