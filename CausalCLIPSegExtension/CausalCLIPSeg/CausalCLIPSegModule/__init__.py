"""The parts of the module CausalCLIPSeg: panel, logic, parameters, worker process, installation."""
