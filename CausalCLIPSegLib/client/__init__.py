"""Use a server of `causalclipseg serve` from another program, such as 3D Slicer. Needs only requests, no NumPy.

    from CausalCLIPSegLib.client import Client

    client = Client("https://radiology.example.org:8443", key)
    client.check()
    with client.open_session() as session:
        session.open_file(Path("image.dcm"))
        run = session.run("Consolidation in the right lower zone.")
        run.wait()
        run.export("segmentation.dcm", Path("segmentation.dcm"))

Nothing is sent before `open_file`. Left and right are the patient's. docs/serve.md describes all fields.
"""

from CausalCLIPSegLib.client.client import Client
from CausalCLIPSegLib.client.errors import ServerError
from CausalCLIPSegLib.client.run import RemoteRun
from CausalCLIPSegLib.client.session import RemoteSession

__all__ = ["Client", "RemoteRun", "RemoteSession", "ServerError"]
