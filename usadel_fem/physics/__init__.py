"""Algebra and closed forms: arrays in, arrays out, no mesh."""
