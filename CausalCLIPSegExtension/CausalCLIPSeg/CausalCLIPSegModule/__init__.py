"""The module CausalCLIPSeg: panel, logic, parameters, worker process, installation."""
