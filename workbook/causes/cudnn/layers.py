"""Rows of the catalogue: convolution, pooling, resampling, padding. Data only."""

from collections.abc import Callable
from functools import partial

from torch import Tensor
from torch.nn import functional as F

from workbook.causes.cudnn.operations import Operand, Operation, batch, rand

IMAGE, FILTER = batch(8, 8, 24, 24), rand(16, 8, 3, 3)
LINE, LINE_FILTER = batch(8, 8, 256), rand(16, 8, 3)
SOLID, SOLID_FILTER = batch(4, 4, 8, 8, 8), rand(8, 4, 3, 3, 3)
RGB = batch(16, 3, 32, 32), rand(16, 3, 3, 3)
DEPTHWISE, TURNED = (IMAGE, rand(8, 1, 3, 3)), (IMAGE, rand(8, 8, 3, 3))
TURNED_SOLID = SOLID, rand(4, 4, 3, 3, 3)
conv2d = partial(F.conv2d, padding=1)
transposed = partial(F.conv_transpose2d, stride=2)
grid_sample = partial(F.grid_sample, align_corners=False)


CONVOLUTION = (
    Operation("conv1d", (LINE, LINE_FILTER), F.conv1d, entry="nn.Conv1d"),
    Operation("conv2d", (IMAGE, FILTER), conv2d, entry="nn.Conv2d"),
    Operation("conv3d", (SOLID, SOLID_FILTER), F.conv3d, entry="nn.Conv3d"),
    Operation("conv1d, weights' grad.", (LINE, LINE_FILTER), F.conv1d, 1, "nn.Conv1d"),
    Operation("conv2d, input's grad.", (IMAGE, FILTER), conv2d, 0, "nn.Conv2d"),
    Operation("conv2d, weights' grad.", (IMAGE, FILTER), conv2d, 1, "nn.Conv2d"),
    Operation("conv2d RGB, weights' gr.", RGB, conv2d, 1, "nn.Conv2d"),
    Operation("depthwise, weights' grad.", DEPTHWISE, partial(F.conv2d, groups=8), 1, "nn.Conv2d"),
    Operation("conv3d, weights' grad.", (SOLID, SOLID_FILTER), F.conv3d, 1, "nn.Conv3d"),
    Operation("transposed conv2d", TURNED, transposed, entry="nn.ConvTranspose2d"),
    Operation("transposed, weights' grad.", TURNED, transposed, 1, "nn.ConvTranspose2d"),
    Operation("transposed conv3d", TURNED_SOLID, F.conv_transpose3d, entry="nn.ConvTranspose3d"),
)


def _gradient(
    name: str, operand: Operand, compute: Callable[..., Tensor], entry: str = ""
) -> Operation:
    return Operation(f"{name}, gradient", (operand,), compute, 0, entry)


def _pooled(name: str, operand: Operand, entry: str = "", **options: int) -> Operation:
    """Give the row of a pooling's gradient, by the name of torch's function."""
    return _gradient(name, operand, partial(getattr(F, name), **options), entry)


def _unpooled(x: Tensor) -> Tensor:
    values, places = F.max_pool2d(x, 2, return_indices=True)
    return F.max_unpool2d(values, places, [2, 2])


PADDED = partial(F.pad, pad=(5, 5, 5, 5))
POOLING = (
    Operation("max_pool2d", (IMAGE,), partial(F.max_pool2d, kernel_size=3)),
    _pooled("max_pool2d", IMAGE, kernel_size=3, stride=1),
    _pooled("max_pool3d", SOLID, "nn.MaxPool3d", kernel_size=3, stride=1),
    _pooled("avg_pool2d", IMAGE, kernel_size=3, stride=1),
    _pooled("avg_pool3d", SOLID, "nn.AvgPool3d", kernel_size=3, stride=1),
    _pooled("adaptive_avg_pool2d", IMAGE, "nn.AdaptiveAvgPool2d", output_size=7),
    _pooled("adaptive_avg_pool3d", SOLID, "nn.AdaptiveAvgPool3d", output_size=3),
    _pooled("adaptive_max_pool2d", IMAGE, "nn.AdaptiveMaxPool2d", output_size=7),
    Operation("max_unpool2d", (IMAGE,), _unpooled, entry="nn.MaxUnpool2d"),
    _gradient("reflection_pad2d", IMAGE, partial(PADDED, mode="reflect"), "nn.ReflectionPad2d"),
    _gradient("replication_pad2d", IMAGE, partial(PADDED, mode="replicate"), "nn.ReplicationPad2d"),
)


def _resized(mode: str) -> Callable[..., Tensor]:
    smooth = None if mode.startswith("nearest") else False
    return partial(F.interpolate, scale_factor=2.5, mode=mode, align_corners=smooth)


SAMPLED = IMAGE, batch(8, 24, 24, 2)
RESAMPLING = (
    Operation("bilinear", (IMAGE,), _resized("bilinear")),
    Operation("bicubic", (IMAGE,), _resized("bicubic")),
    _gradient("nearest", IMAGE, _resized("nearest")),
    _gradient("linear", LINE, _resized("linear"), "interpolate ``linear``"),
    _gradient("bilinear", IMAGE, _resized("bilinear"), "interpolate ``bilinear``"),
    _gradient("bicubic", IMAGE, _resized("bicubic"), "interpolate ``bicubic``"),
    _gradient("trilinear", SOLID, _resized("trilinear"), "interpolate ``trilinear``"),
    _gradient("antialiased", IMAGE, partial(_resized("bilinear"), antialias=True)),
    Operation("grid_sample", SAMPLED, grid_sample),
    Operation("grid_sample, image's gr.", SAMPLED, grid_sample, 0, "grid_sample"),
    Operation("grid_sample, grid's gr.", SAMPLED, grid_sample, 1, "grid_sample"),
)
