// The dialog that finds radiographs in an archive (PACS).

import { byId, element } from "./dom.js";
import { text } from "./texts.js";

/**
 * Set the dialog up.
 *
 * @param search called with (archive, {patient, accession}); resolves to {images, more}, or undefined if it failed.
 * @param open called with {archive, study, series, instance} of the chosen image.
 */
export function setUpArchive(archives, search, open) {
  const dialog = byId("archive-dialog");
  const found = byId("archive-found");
  byId("archive").hidden = archives.length === 0;
  byId("archive").onclick = () => dialog.showModal();
  byId("archive-close").onclick = () => dialog.close();
  byId("archive-name").replaceChildren(...archives.map((name) => element("option", {}, name)));
  byId("archive-form").onsubmit = async (event) => {
    event.preventDefault();
    const archive = byId("archive-name").value;
    const entered = (id) => byId(id).value.trim() || null;
    const query = { patient: entered("archive-patient"), accession: entered("archive-accession") };
    found.replaceChildren(element("li", { class: "facts" }, "…"));
    const answer = await search(archive, query);
    if (!answer) {
      dialog.close(); // the reason is on the page behind it
      found.replaceChildren();
      return;
    }
    const { images, more } = answer;
    const choose = ({ study, series, instance }) => {
      dialog.close();
      found.replaceChildren();
      open({ archive, study, series, instance });
    };
    const row = (image) =>
      element("li", {}, element("button", { type: "button", class: "quiet", onclick: () => choose(image) },
        [image.date, image.modality, image.patient || image.patient_id, image.description || image.instance].filter(Boolean).join(" · ")));
    const note = !images.length ? "archive.none" : more ? "archive.more" : null;
    found.replaceChildren(...images.map(row), ...(note ? [element("li", { class: "facts" }, text(note))] : []));
  };
}
