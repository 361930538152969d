"""Meshes, Lagrange spaces and every scalar weak form of the action."""
