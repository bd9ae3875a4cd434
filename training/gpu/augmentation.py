"""Augment a batch of images and masks on their device, with the same changes as `training.augmentation.images`.

Every function takes the parameters of each image as tensors of B, so that one call changes the whole batch. A chance
of a change is the share of the images whose parameters change something.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from training.augmentation.images import BLUR_SIZE, LOWEST_BLUR, Ranges


class Geometry(NamedTuple):
    """The affine change of each image: angles in degrees, shifts in pixels; float B each."""

    angle: Tensor
    shift_x: Tensor
    shift_y: Tensor
    scale: Tensor
    shear_x: Tensor
    shear_y: Tensor


class Draw:
    """Random numbers for a batch, from a generator on its device."""

    def __init__(self, number: int, generator: torch.Generator) -> None:
        self.number = number
        self.generator = generator

    def evenly(self, low: float, high: float) -> Tensor:
        """Return a number for each image, even in [low, high)."""
        numbers = torch.rand(self.number, device=self.generator.device, generator=self.generator)
        return low + (high - low) * numbers

    def happens(self, probability: float) -> Tensor:
        """Return for each image whether something happens, bool."""
        return self.evenly(0, 1) < probability

    def noise(self, like: Tensor) -> Tensor:
        """Return normal noise of the shape of an image."""
        return torch.empty_like(like).normal_(generator=self.generator)


def augment(images: Tensor, masks: Tensor, ranges: Ranges, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Return random views of images and masks; a lesion stays on its side.

    Args:
        images: float32 B x 1 x H x W in [0, 1].
        masks: float32 B x M x H x W, 0 or 1.
        ranges: how much is changed.
        generator: on the device of the images.
    """
    draw = Draw(len(images), generator)
    images, masks = warp(images, masks, affine_grid(draw_geometry(draw, ranges, images.shape[-1]), images))
    alpha, smoothness, probability = ranges.elastic
    if probability:
        deformed = warp(images, masks, elastic_grid(draw, images, alpha, smoothness))
        happens = _per_image(draw.happens(probability))
        images, masks = (torch.where(happens, *pair) for pair in zip(deformed, (images, masks), strict=True))
    brightness = draw.evenly(1 - ranges.brightness, 1 + ranges.brightness)
    contrast = draw.evenly(1 - ranges.contrast, 1 + ranges.contrast)
    images = jitter(images, brightness, contrast, draw.happens(0.5))
    images = images.clamp(0, 1) ** _per_image(ranges.gamma ** draw.evenly(-1, 1))
    highest, probability = ranges.blur
    images = torch.where(
        _per_image(draw.happens(probability)), blur(images, draw.evenly(LOWEST_BLUR, highest), BLUR_SIZE), images
    )
    sigma, probability = ranges.noise
    noisy = (images + sigma * draw.noise(images)).clamp(0, 1)
    return torch.where(_per_image(draw.happens(probability)), noisy, images), masks


def draw_geometry(draw: Draw, ranges: Ranges, size: int) -> Geometry:
    """Draw the affine change of each image of `size` x `size`; shifts are whole pixels, as torchvision draws them."""
    shift = ranges.translate * size
    return Geometry(
        draw.evenly(-ranges.degrees, ranges.degrees),
        draw.evenly(-shift, shift).round(),
        draw.evenly(-shift, shift).round(),
        draw.evenly(*ranges.scale),
        draw.evenly(-ranges.shear, ranges.shear),
        draw.evenly(-ranges.shear, ranges.shear),
    )


def affine_grid(geometry: Geometry, images: Tensor) -> Tensor:
    """Return where each pixel of the changed images comes from, B x H x W x 2, for `grid_sample`.

    The matrix is that of torchvision (`transforms.functional._get_inverse_affine_matrix`): the image is sheared,
    rotated, scaled and shifted about its center.

    Args:
        geometry: the change of each image.
        images: B x C x S x S.
    """
    angle, shear_x, shear_y = (each.deg2rad() for each in (geometry.angle, geometry.shear_x, geometry.shear_y))
    half = images.shape[-1] / 2
    a = (angle - shear_y).cos() / shear_y.cos()
    b = -a * shear_x.tan() - angle.sin()
    c = (angle - shear_y).sin() / shear_y.cos()
    d = -c * shear_x.tan() + angle.cos()
    x, y = -geometry.shift_x / half, -geometry.shift_y / half
    inverse = [[d, -b, d * x - b * y], [-c, a, a * y - c * x]]
    theta = torch.stack([torch.stack(row, dim=-1) for row in inverse], dim=1) / geometry.scale[:, None, None]
    return F.affine_grid(theta, list(images.shape), align_corners=False)


def elastic_grid(draw: Draw, images: Tensor, alpha: float, smoothness: float) -> Tensor:
    """Return where each pixel of elastically deformed images comes from, B x H x W x 2.

    As torchvision's `ElasticTransform`: even noise in [-1, 1], smoothed, times alpha, in pixels of half the size.

    Args:
        draw: random numbers.
        images: B x C x H x W.
        alpha: strength.
        smoothness: sigma in pixels.
    """
    size = int(8 * smoothness + 1) | 1
    shape = (len(images), 2, *images.shape[-2:])
    noise = 2 * torch.rand(shape, device=images.device, generator=draw.generator) - 1
    sigma = torch.full((len(images),), smoothness, device=images.device)
    moved = blur(noise, sigma, size) * alpha / images.shape[-1]
    still = torch.eye(2, 3, device=images.device).expand(len(images), 2, 3)
    return F.affine_grid(still, list(images.shape), align_corners=False) + moved.permute(0, 2, 3, 1)


def warp(images: Tensor, masks: Tensor, grid: Tensor) -> tuple[Tensor, Tensor]:
    """Sample images with linear interpolation, and masks with nearest neighbors; outside is 0."""
    grid = grid.float()
    return (
        F.grid_sample(images, grid, "bilinear", "zeros", align_corners=False),
        F.grid_sample(masks, grid, "nearest", "zeros", align_corners=False),
    )


def jitter(images: Tensor, brightness: Tensor, contrast: Tensor, brightness_first: Tensor) -> Tensor:
    """Multiply each image by its brightness, and its distance from its mean by its contrast, in either order."""

    def bright(each: Tensor) -> Tensor:
        return (each * _per_image(brightness)).clamp(0, 1)

    def contrasted(each: Tensor) -> Tensor:
        mean = each.mean(dim=(1, 2, 3), keepdim=True)
        return (mean + (each - mean) * _per_image(contrast)).clamp(0, 1)

    return torch.where(_per_image(brightness_first), contrasted(bright(images)), bright(contrasted(images)))


def blur(images: Tensor, sigma: Tensor, size: int) -> Tensor:
    """Blur each image, B x C x H x W, with a Gaussian of its own sigma in pixels, cut to `size` pixels."""
    batch, channels = images.shape[:2]
    positions = torch.arange(size, device=images.device) - (size - 1) / 2
    kernel = torch.exp(-0.5 * (positions / sigma[:, None]) ** 2)
    kernel = (kernel / kernel.sum(dim=1, keepdim=True)).repeat_interleave(channels, dim=0)
    flat = F.pad(images, [size // 2] * 4, mode="reflect").flatten(0, 1)[None]
    flat = F.conv2d(flat, kernel[:, None, None, :], groups=batch * channels)
    return F.conv2d(flat, kernel[:, None, :, None], groups=batch * channels).view_as(images)


def _per_image(values: Tensor) -> Tensor:
    return values.view(-1, 1, 1, 1)
