"""Imported by the process that workers are forked from: all that they need, compiled kernels too."""

from __future__ import annotations

from usadel_fem import kernels, sweeping

__all__ = ["sweeping"]

kernels.compiled()
