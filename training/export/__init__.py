"""Export a run as a checkpoint with its card, and a checkpoint as ONNX graphs."""
