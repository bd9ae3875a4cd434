"""Ablations at a small size: the arms of a study differ in one part of the recipe, and are compared seed by seed."""
