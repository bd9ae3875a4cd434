"""The objective of RecLMIS: segmentation, two conditioned reconstructions and a contrastive loss.

All of this serves only training: none of its weights is exported. docs/reclmis.md lists the choices where the paper
and the code that its authors released differ.
"""
