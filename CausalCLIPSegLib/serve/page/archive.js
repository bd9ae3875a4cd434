// The dialog that finds radiographs in an archive (PACS).

import { byId, element } from "./dom.js";
import { text } from "./texts.js";

/**
 * Set the dialog up.
 *
 * @param search called with (archive, {patient, accession}); resolves to the images.
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
    const query = { patient: byId("archive-patient").value.trim(), accession: byId("archive-accession").value.trim() };
    found.replaceChildren(element("li", { class: "facts" }, "…"));
    const images = (await search(archive, query)) ?? [];
    const choose = ({ study, series, instance }) => {
      dialog.close();
      found.replaceChildren();
      open({ archive, study, series, instance });
    };
    const row = (image) =>
      element("li", {}, element("button", { type: "button", class: "quiet", onclick: () => choose(image) },
        [image.date, image.modality, image.patient, image.description].filter(Boolean).join(" · ")));
    found.replaceChildren(...(images.length ? images.map(row) : [element("li", { class: "facts" }, text("archive.none"))]));
  };
}
