"""The registry of architectures: configuration, network and parts of each. It imports torch only to build one.

A configuration names its architecture in the field `architecture`; one without it is that of CausalCLIPSeg, so that
cards of earlier versions load.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Discriminator, Tag, TypeAdapter

from CausalCLIPSegLib.network.configuration import NetworkConfiguration
from CausalCLIPSegLib.network.reclmis.configuration import RecLMISConfiguration

if TYPE_CHECKING:
    from CausalCLIPSegLib.network.causalclipseg import CausalCLIPSeg
    from CausalCLIPSegLib.network.inference import InferenceParts
    from CausalCLIPSegLib.network.reclmis.reclmis import RecLMIS

    Network = CausalCLIPSeg | RecLMIS


def _architecture(value: Any) -> str | None:
    if isinstance(value, dict):
        architecture = value.get("architecture", "causalclipseg")
        return architecture if isinstance(architecture, str) else None
    return getattr(value, "architecture", None)


AnyConfiguration = Annotated[
    Annotated[NetworkConfiguration, Tag("causalclipseg")] | Annotated[RecLMISConfiguration, Tag("reclmis")],
    Discriminator(_architecture),
]
"""The configuration of a network of any architecture."""

_ADAPTER: TypeAdapter[NetworkConfiguration | RecLMISConfiguration] = TypeAdapter(AnyConfiguration)


def read_configuration(fields: dict[str, Any]) -> NetworkConfiguration | RecLMISConfiguration:
    """Return the configuration of a network from its fields.

    Raises:
        ValueError: the architecture is unknown, or a field is wrong.
    """
    return _ADAPTER.validate_python(fields)


def build_network(configuration: NetworkConfiguration | RecLMISConfiguration) -> Network:
    """Return a network with random weights."""
    if isinstance(configuration, RecLMISConfiguration):
        from CausalCLIPSegLib.network.reclmis.reclmis import RecLMIS

        return RecLMIS(configuration)
    from CausalCLIPSegLib.network.causalclipseg import CausalCLIPSeg

    return CausalCLIPSeg(configuration)


def parts_of(network: Network) -> InferenceParts:
    """Return the three parts of a network that inference runs; they share its weights."""
    if isinstance(network.configuration, RecLMISConfiguration):
        from CausalCLIPSegLib.network.reclmis.parts import inference_parts as reclmis_parts

        return reclmis_parts(network)
    from CausalCLIPSegLib.network.causalclipseg_parts import inference_parts as causalclipseg_parts

    return causalclipseg_parts(network)
