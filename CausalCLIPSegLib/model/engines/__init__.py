"""Engines run the network of a checkpoint: ONNX Runtime on the CPU, PyTorch on a GPU or if it is asked for.

Each engine is a module with a class that satisfies `interface.Engine`; `load` chooses one.
"""
