// Spectrograms as pixels: one colour scale for all, one time scale for all.
import { BANDS, toHertz, toMel } from "./mel.js";

export const TICKS_KHZ = [0.1, 0.25, 0.5, 1, 2, 4, 8];

// From dark to bright by lightness alone, so that louder is brighter for everybody.
const LOUDNESS = [[8, 6, 30], [52, 18, 88], [112, 28, 100], [170, 48, 86], [220, 88, 56], [244, 148, 40], [250, 210, 92], [254, 252, 210]];
// The other recording louder, alike, this one louder.
const DIFFERENCE = [[28, 72, 112], [112, 138, 162], [250, 250, 250], [236, 150, 80], [190, 72, 0]];

const ramp = (anchors) => {
  const table = new Uint8ClampedArray(256 * 3);
  for (let i = 0; i < 256; i++) {
    const at = (i / 255) * (anchors.length - 1), low = Math.min(anchors.length - 2, Math.floor(at)), part = at - low;
    for (let c = 0; c < 3; c++) table[i * 3 + c] = anchors[low][c] + part * (anchors[low + 1][c] - anchors[low][c]);
  }
  return table;
};
export const RAMPS = { loudness: ramp(LOUDNESS), difference: ramp(DIFFERENCE) };

/** One dB scale for all spectrograms: from what all but the quietest twentieth exceeds to what hardly any does. */
export function scaleOf(spectrograms) {
  const values = Float32Array.from(spectrograms.flatMap(({ decibel }) => Array.from(decibel))).sort();
  const at = (part) => values[Math.min(values.length - 1, Math.floor(part * values.length))];
  const low = Math.floor(at(0.05)), high = Math.ceil(at(0.9995));
  return [low, Math.max(high, low + 10)];
}

/** Pixels of a row of frames: `valueAt(frame, band)` from low to high through a ramp, highest band on top. */
function paint(context, width, height, frameAt, valueAt, [low, high], colours) {
  const image = context.createImageData(width, height), { data } = image;
  const bands = Array.from({ length: height }, (_, y) => Math.min(BANDS - 1, Math.floor(((height - 1 - y + 0.5) / height) * BANDS)));
  for (let x = 0; x < width; x++) {
    const frame = frameAt(x);
    if (frame === null) continue; // left transparent: there is no sound
    for (let y = 0; y < height; y++) {
      const part = (valueAt(frame, bands[y]) - low) / (high - low);
      const colour = Math.round(255 * Math.min(1, Math.max(0, part))) * 3, at = (y * width + x) * 4;
      data[at] = colours[colour];
      data[at + 1] = colours[colour + 1];
      data[at + 2] = colours[colour + 2];
      data[at + 3] = 255;
    }
  }
  context.putImageData(image, 0, 0);
}

/** Which frame of a spectrogram a column of pixels shows, given its view {start, perPixel (seconds)} and its lag. */
const framesOf = ({ step, seconds }, { start, perPixel }, lag) => (x) => {
  const time = start + (x + 0.5) * perPixel - lag;
  return time < 0 || time > seconds ? null : Math.round(time / step);
};

export function paintSpectrogram(context, width, height, spectrogram, view, lag, scale) {
  context.clearRect(0, 0, width, height);
  const { decibel, frames } = spectrogram, frameAt = framesOf(spectrogram, view, lag);
  paint(context, width, height, frameAt, (frame, band) => decibel[Math.min(frame, frames - 1) * BANDS + band], scale, RAMPS.loudness);
}

/** How many dB the first is louder, where both sound. */
export function paintDifference(context, width, height, [one, other], view, lag, range) {
  context.clearRect(0, 0, width, height);
  const [mine, its] = [framesOf(one, view, 0), framesOf(other, view, lag)];
  const frameAt = (x) => {
    const [a, b] = [mine(x), its(x)];
    return a === null || b === null ? null : [Math.min(a, one.frames - 1), Math.min(b, other.frames - 1)];
  };
  paint(context, width, height, frameAt, ([a, b], band) => one.decibel[a * BANDS + band] - other.decibel[b * BANDS + band], [-range, range], RAMPS.difference);
}

/** Share of the height, from below, at which a frequency stands. */
export const heightOf = (hertz, rate) => toMel(hertz) / toMel(rate / 2);
export const frequencyAt = (part, rate) => toHertz(part * toMel(rate / 2));
