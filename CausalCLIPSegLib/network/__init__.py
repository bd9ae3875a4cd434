"""The published network: one file for each idea of the paper. Tensors in, tensors out; no file access.

Paper: Chen et al., CausalCLIPSeg: Unlocking CLIP's Potential in Referring Medical Image Segmentation with Causal
Intervention, MICCAI 2024. docs/network.md lists the choices where the paper is silent.
"""
