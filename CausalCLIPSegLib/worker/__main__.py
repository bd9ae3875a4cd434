"""`python -m CausalCLIPSegLib.worker [--verbose]`: serve on standard input and output."""

from CausalCLIPSegLib.interruption import ended_by_interrupt

with ended_by_interrupt():
    from CausalCLIPSegLib.worker.process import main

if __name__ == "__main__":
    main()
