// Read segmentations with the packages and calls of OHIF 3.13, and print what OHIF would show.
//
// stdin: a JSON list of {radiograph, metadata, file} or {radiograph, metadata, frames}. `radiograph` and `file` are file
// names, `metadata` is the archive's DICOM JSON. OHIF asks for the whole file first, and else for each frame; `frames`
// holds the packed bits of each frame in base64.
// stdout: a JSON list with one answer for each: a list of segments {number, label, category, type, color, pixels}, or
// {error}. Codes are [value, scheme, meaning], the color is red, green, blue in 0..255. `pixels` is base64 of a deflated
// array with one byte (0 or 1) for each pixel, row by row.

import { readFileSync } from 'node:fs';
import { deflateSync } from 'node:zlib';

import { adaptersSEG } from '@cornerstonejs/adapters';
import { metaData } from '@cornerstonejs/core';
import { Enums, registerDefaultProviders, utilities } from '@cornerstonejs/metadata';
import dcmjs from 'dcmjs';

const TOLERANCE = 0.001; // of orientations; OHIF's

console.log = console.warn = console.error; // stdout is for the answers
registerDefaultProviders();
// OHIF finds the radiograph of a frame through this module, but the package's own provider leaves out the instance.
metaData.addProvider((type, imageId) => {
  if (type !== 'generalImageModule') return undefined;
  return { sopInstanceUID: metaData.get('sopCommonModule', imageId)?.sopInstanceUID };
}, 1);

const bytesOf = (path) => new Uint8Array(readFileSync(path)).buffer;
const codeOf = (sequence) => {
  const { CodeValue, CodingSchemeDesignator, CodeMeaning } = [sequence].flat()[0];
  return [CodeValue, CodingSchemeDesignator, CodeMeaning];
};

/** Overlapping segments lie in separate layers; each layer has one segment number for each pixel. */
function pixelsOf(number, layers) {
  const pixels = new Uint8Array(layers[0].length);
  for (const layer of layers) {
    for (let pixel = 0; pixel < pixels.length; pixel++) pixels[pixel] |= layer[pixel] === number;
  }
  return pixels;
}

async function read({ radiograph, metadata, file, frames }, index) {
  const radiographId = `dicomfile:radiograph/${index}`;
  const imageId = `dicomfile:segmentation/${index}`;
  await utilities.addDicomPart10Instance(radiographId, bytesOf(radiograph));
  if (file) await utilities.addDicomPart10Instance(imageId, bytesOf(file));
  const instance = dcmjs.data.DicomMetaDictionary.naturalizeDataset(metadata);
  const frameOf = (frameIndex) => {
    if (frames) return new Uint8Array(Buffer.from(frames[frameIndex], 'base64'));
    const found = metaData.getTyped(Enums.MetadataModules.COMPRESSED_FRAME_DATA, imageId, { frameIndex });
    return [found.pixelData].flat()[0];
  };
  const { segMetadata, labelMapImages } = await adaptersSEG.Cornerstone3D.Segmentation.createFromDicomSegImageId(
    [radiographId],
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
for (const [index, request] of JSON.parse(readFileSync(0)).entries()) {
  answers.push(await read(request, index).catch((error) => ({ error: error.stack })));
}
process.stdout.write(JSON.stringify(answers));
