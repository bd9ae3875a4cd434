"""`python -m CausalCLIPSegLib.cli`: the same as `causalclipseg`."""

from CausalCLIPSegLib.cli import main

main()
