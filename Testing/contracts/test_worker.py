"""A recorded conversation with the worker, compared with the golden file: see README.md."""

from __future__ import annotations

import json
import shutil


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
    # Everything reaches the threshold of this card's search, and nothing that of the request.
    shutil.copytree(tiny_checkpoint_to_read, tmp_path / "search")
    card = json.loads((tmp_path / "search" / "card.json").read_text(encoding="utf-8"))
    card["places"] = {"search_threshold": 1e-6}
    (tmp_path / "search" / "card.json").write_text(json.dumps(card), encoding="utf-8")
    search = {"threshold": 0.999999, "checkpoint": str(tmp_path / "search"), "output": str(tmp_path / "s2")}
    elsewhere = ask(id="s2", request="segment", **{**question, **options, **search})
    assert [each["place"] for each in elsewhere["not_in_note"]] == [
        "right upper and middle zones",
        "left middle and lower zones",
    ]
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
