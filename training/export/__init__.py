"""Export: write a checkpoint with its card, and ONNX graphs."""
