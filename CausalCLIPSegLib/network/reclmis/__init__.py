"""RecLMIS: Huang et al., Cross-Modal Conditioned Reconstruction for Language-guided Medical Image Segmentation, 2024.

One file for each idea of the paper that inference needs. The reconstructions (CVR, CLR) and the contrastive loss (CCL)
serve only training, and are in `training/fitting/reclmis`. docs/reclmis.md lists the choices where the paper and the
code that its authors released differ.
"""
