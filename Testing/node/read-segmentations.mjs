// Reads segmentations as OHIF 3.13 does, by the same packages and calls, and says what it would show.
//
// stdin: JSON, a list of {film, metadata, file} or {film, metadata, frames}: the name of the film; what an archive answers
// as DICOM JSON; the name of the file, which OHIF asks for first, or for each frame its packed bits in base64.
// stdout: JSON, for each a list of segments {number, label, category, type, color, pixels}, or {error} where it cannot be
// read: codes as [value, scheme, meaning], color as red, green, blue in 0..255, pixels as base64 of a deflated byte
// (0 or 1) a pixel, row by row.

import { readFileSync } from 'node:fs';
import { deflateSync } from 'node:zlib';

import { adaptersSEG } from '@cornerstonejs/adapters';
import { metaData } from '@cornerstonejs/core';
import { Enums, registerDefaultProviders, utilities } from '@cornerstonejs/metadata';
import dcmjs from 'dcmjs';

const TOLERANCE = 0.001; // of orientations; OHIF's

console.log = console.warn = console.error; // stdout is for the answer
registerDefaultProviders();
// OHIF finds the film of a frame by this module, where the package's own provider leaves the instance out.
metaData.addProvider((type, imageId) => {
  if (type !== 'generalImageModule') return undefined;
  return { sopInstanceUID: metaData.get('sopCommonModule', imageId)?.sopInstanceUID };
}, 1);

const bytesOf = (path) => new Uint8Array(readFileSync(path)).buffer;
const codeOf = (sequence) => {
  const { CodeValue, CodingSchemeDesignator, CodeMeaning } = [sequence].flat()[0];
  return [CodeValue, CodingSchemeDesignator, CodeMeaning];
};

/** Overlapping segments lie in layers, each of which has one number a pixel. */
function pixelsOf(number, layers) {
  const pixels = new Uint8Array(layers[0].length);
  for (const layer of layers) {
    for (let pixel = 0; pixel < pixels.length; pixel++) pixels[pixel] |= layer[pixel] === number;
  }
  return pixels;
}

async function read({ film, metadata, file, frames }, index) {
  const filmId = `dicomfile:film/${index}`;
  const imageId = `dicomfile:segmentation/${index}`;
  await utilities.addDicomPart10Instance(filmId, bytesOf(film));
  if (file) await utilities.addDicomPart10Instance(imageId, bytesOf(file));
  const instance = dcmjs.data.DicomMetaDictionary.naturalizeDataset(metadata);
  const frameOf = (frameIndex) => {
    if (frames) return new Uint8Array(Buffer.from(frames[frameIndex], 'base64'));
    const found = metaData.getTyped(Enums.MetadataModules.COMPRESSED_FRAME_DATA, imageId, { frameIndex });
    return [found.pixelData].flat()[0];
  };
  const { segMetadata, labelMapImages } = await adaptersSEG.Cornerstone3D.Segmentation.createFromDicomSegImageId(
    [filmId],
    imageId,
    {
      metadataProvider: {
        get: (type, id) => (type === 'instance' && id === imageId ? instance : metaData.get(type, id)),
      },
      tolerance: TOLERANCE,
      decodeImageData: async (_, number) => frameOf(number - 1),
    }
  );
  const layers = labelMapImages.map(([image]) => image.voxelManager.getScalarData());
  return segMetadata.data.filter(Boolean).map((segment) => ({
    number: segment.SegmentNumber,
    label: segment.SegmentLabel,
    category: codeOf(segment.SegmentedPropertyCategoryCodeSequence),
    type: codeOf(segment.SegmentedPropertyTypeCodeSequence),
    color: dcmjs.data.Colors.dicomlab2RGB(segment.RecommendedDisplayCIELabValue).map((part) => Math.round(255 * part)),
    pixels: deflateSync(pixelsOf(segment.SegmentNumber, layers)).toString('base64'),
  }));
}

const answers = [];
for (const [index, asked] of JSON.parse(readFileSync(0)).entries()) {
  answers.push(await read(asked, index).catch((error) => ({ error: error.stack })));
}
process.stdout.write(JSON.stringify(answers));
