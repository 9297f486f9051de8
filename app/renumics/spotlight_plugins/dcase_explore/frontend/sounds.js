// Recordings from the page's server, decoded at their own sampling rate.

const MOST_KEPT = 12;
const kept = new Map();

const text = (view, at) => String.fromCharCode(...new Uint8Array(view.buffer, view.byteOffset + at, 4));

/** Sampling rate that a WAV or FLAC file names; null for other formats. */
export function rateOf(bytes) {
  const view = new DataView(bytes);
  if (view.byteLength > 44 && text(view, 0) === "RIFF" && text(view, 8) === "WAVE")
    for (let at = 12; at + 16 <= view.byteLength; at += 8 + view.getUint32(at + 4, true) + (view.getUint32(at + 4, true) % 2))
      if (text(view, at) === "fmt ") return view.getUint32(at + 12, true);
  if (view.byteLength > 22 && text(view, 0) === "fLaC") return (view.getUint32(18) >>> 12) || null;
  return null;
}

/**
 * Decode a recording: {rate, seconds, samples (of the first channel, as the challenge uses it)}, at a rate wanted or its
 * own. A context's rate is what it decodes at, whatever the file has: one of the file's own rate keeps every sample.
 */
export async function decode(bytes, wanted) {
  const named = wanted ?? rateOf(bytes), rate = named >= 3000 && named <= 384000 ? named : 48000;
  const context = new OfflineAudioContext(1, 1, rate);
  // Decoding takes the bytes away.
  const buffer = await context.decodeAudioData(bytes.slice(0));
  return { rate, seconds: buffer.duration, samples: buffer.getChannelData(0) };
}

/** The recording that a cell of the table holds, fetched once. Rejects with a sentence. */
export function recordingOf({ uid, generationID }, column, row, rate) {
  const key = `${uid}/${generationID}/${column}/${row}/${rate}`;
  if (!kept.has(key)) {
    const found = fetchCell(column, row, generationID).then((bytes) => decode(bytes, rate));
    found.catch(() => kept.delete(key));
    kept.set(key, found);
    if (kept.size > MOST_KEPT) kept.delete(kept.keys().next().value);
  }
  return kept.get(key);
}

async function fetchCell(column, row, generationID) {
  const answer = await fetch(`api/table/${encodeURIComponent(column)}/${row}?generation_id=${generationID}`);
  if (answer.ok) return answer.arrayBuffer();
  const problem = await answer.json().catch(() => ({}));
  throw new Error(problem.title ?? "This recording cannot be had.");
}

/** Level (RMS) of samples, 0 to 1. */
export function levelOf(samples) {
  let sum = 0;
  for (const sample of samples) sum += sample * sample;
  return Math.sqrt(sum / (samples.length || 1));
}

/** Factors by which two recordings are as loud as the quieter of them; 1 for both where one of them is silent. */
export function matched(one, other) {
  const [a, b] = [one, other].map(({ samples }) => levelOf(samples));
  if (!a || !b) return [1, 1];
  const quieter = Math.min(a, b);
  return [quieter / a, quieter / b];
}
