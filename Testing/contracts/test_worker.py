"""A recorded conversation with the worker, compared with the golden file: see README.md."""

from __future__ import annotations


def test_conversation_equals_the_golden_file(golden, conversation, dicom_image, tiny_checkpoint_to_read, tmp_path):
    note = "Consolidation in the right lower zone and in the left upper zone. No effusion."
    image = {"kind": "file", "path": str(tmp_path / "image.dcm")}
    checkpoint = str(tmp_path / "checkpoint")
    (tmp_path / "image.dcm").write_bytes(dicom_image.read_bytes())
    (tmp_path / "checkpoint").symlink_to(tiny_checkpoint_to_read)
    ask = conversation.ask
    # Once the libraries are loaded, every event answers the request before it.
    conversation.wait_for(lambda event: event["event"] == "progress" and event["fraction"] == 1)
    ask(id="h", request="hello")
    ask(id="n", request="note", text=note, checkpoint=checkpoint)
    ask(id="n2", request="note", text="Lungs are clear.", mirrored=True)
    question = {"image": image, "note": note}
    options = {"threshold": 0.01, "checkpoint": checkpoint, "device": "cpu", "output": str(tmp_path / "s")}
    result = ask(id="s", request="segment", **question, **options)
    probability = {"probability": result["probability"], "threshold": 0.02}
    ask(id="t", request="threshold", **probability, spacing=result["spacing"], output=str(tmp_path / "t"))
    ask(id="c", request="cancel", target="unknown")
    segments = [
        {key: each[key] for key in ("id", "name", "kind", "side", "color", "mask")} for each in result["segments"]
    ]
    prompt = {key: result["understood"][key] for key in ("prompt", "prompt_laterality")}
    ask(
        **{"id": "e", "request": "export", **question, **prompt, **probability},
        segments=segments,
        formats=["dicom-seg", "seg-nrrd", "picture"],
        provenance=result["provenance"],
        output=str(tmp_path / "e"),
    )
    ask(id="m", request="dance")
    ask(
        id="x",
        request="segment",
        **{**question, "image": {"kind": "file", "path": str(tmp_path / "missing.dcm")}},
        **options,
    )
    ask(id="q", request="shutdown")
    golden.check_json("worker_conversation.jsonl", conversation.lines, tmp_path)
