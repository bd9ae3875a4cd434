"""The published network, one file an idea of the paper: tensors in, tensors out, no files.

Paper: Chen et al., CausalCLIPSeg: Unlocking CLIP's Potential in Referring Medical Image Segmentation with Causal
Intervention, MICCAI 2024. Where the paper is silent, docs/network.md says what was chosen.
"""
