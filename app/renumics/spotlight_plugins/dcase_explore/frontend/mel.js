// Log-mel spectrogram: the challenge baseline's (power 2, Slaney's mel scale, 128 bands), with a finer step in time.

export const BANDS = 128;
const STEP_HZ = 200 / 3, CORNER_HZ = 1000, CORNER = CORNER_HZ / STEP_HZ, LOG_STEP = Math.log(6.4) / 27;
const EPSILON = 2 ** -23;

/** Slaney's mel: linear below 1 kHz, logarithmic above. */
export const toMel = (hertz) => (hertz < CORNER_HZ ? hertz / STEP_HZ : CORNER + Math.log(hertz / CORNER_HZ) / LOG_STEP);
export const toHertz = (mel) => (mel < CORNER ? mel * STEP_HZ : CORNER_HZ * Math.exp(LOG_STEP * (mel - CORNER)));

/** Samples of a window: 64 ms, which are 1,024 at 16 kHz, as a power of two. */
export const windowOf = (rate) => 2 ** Math.round(Math.log2(rate * 0.064));

/** In-place radix-2 FFT of complex numbers; both of the same power-of-two length. */
export function fft(real, imaginary) {
  const n = real.length;
  for (let i = 1, j = 0; i < n; i++) {
    let bit = n >> 1;
    for (; j & bit; bit >>= 1) j ^= bit;
    j ^= bit;
    if (i < j) {
      [real[i], real[j]] = [real[j], real[i]];
      [imaginary[i], imaginary[j]] = [imaginary[j], imaginary[i]];
    }
  }
  for (let size = 2; size <= n; size *= 2) {
    const half = size / 2, { cosines, sines } = turns(size);
    for (let start = 0; start < n; start += size)
      for (let k = 0; k < half; k++) {
        const a = start + k, b = a + half;
        const re = real[b] * cosines[k] - imaginary[b] * sines[k], im = real[b] * sines[k] + imaginary[b] * cosines[k];
        real[b] = real[a] - re;
        imaginary[b] = imaginary[a] - im;
        real[a] += re;
        imaginary[a] += im;
      }
  }
}

const kept = new Map();
const once = (key, make) => {
  if (!kept.has(key)) kept.set(key, make());
  return kept.get(key);
};

const turns = (size) => once(`turns ${size}`, () => {
  const angles = Float64Array.from({ length: size / 2 }, (_, k) => (-2 * Math.PI * k) / size);
  return { cosines: angles.map(Math.cos), sines: angles.map(Math.sin) };
});

/** Triangular filters of unit area from 0 to half the rate: [{first (bin), weights}] from the lowest band up. */
export const melFilters = (rate, size) => once(`filters ${rate} ${size}`, () => {
  const top = toMel(rate / 2), edge = (i) => toHertz((top * i) / (BANDS + 1));
  return Array.from({ length: BANDS }, (_, band) => {
    const lower = edge(band), centre = edge(band + 1), upper = edge(band + 2);
    const first = Math.ceil((lower * size) / rate), last = Math.min(size / 2, Math.floor((upper * size) / rate));
    const weights = Float64Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => {
      const hertz = ((first + i) * rate) / size;
      return (Math.max(0, Math.min((hertz - lower) / (centre - lower), (upper - hertz) / (upper - centre))) * 2) / (upper - lower);
    });
    return { first, weights };
  });
});

/**
 * Log-mel spectrogram of samples: {frames, step (seconds between frames), decibel}; `decibel` is frame after frame, each
 * from the lowest band up. Frame i is centred on i × step.
 */
export function logMel(samples, rate) {
  const size = windowOf(rate), hop = size / 4, filters = melFilters(rate, size);
  const frames = Math.max(1, Math.floor(samples.length / hop) + 1), decibel = new Float32Array(frames * BANDS);
  const window = once(`window ${size}`, () =>
    Float64Array.from({ length: size }, (_, i) => 0.5 - 0.5 * Math.cos((2 * Math.PI * i) / size)));
  const real = new Float64Array(size), imaginary = new Float64Array(size), power = new Float64Array(size / 2 + 1);
  for (let frame = 0; frame < frames; frame++) {
    const start = frame * hop - size / 2;
    for (let i = 0; i < size; i++) {
      real[i] = (samples[start + i] ?? 0) * window[i];
      imaginary[i] = 0;
    }
    fft(real, imaginary);
    for (let bin = 0; bin <= size / 2; bin++) power[bin] = real[bin] ** 2 + imaginary[bin] ** 2;
    filters.forEach(({ first, weights }, band) => {
      let sum = 0;
      for (let i = 0; i < weights.length; i++) sum += weights[i] * power[first + i];
      decibel[frame * BANDS + band] = 10 * Math.log10(Math.max(sum, EPSILON));
    });
  }
  return { frames, step: hop / rate, decibel };
}

/** Mean level of each frame, in dB: what two recordings are aligned by. */
export const envelope = ({ frames, decibel }) => Float64Array.from({ length: frames }, (_, frame) => {
  let sum = 0;
  for (let band = 0; band < BANDS; band++) sum += decibel[frame * BANDS + band];
  return sum / BANDS;
});

/**
 * By how many seconds the other recording has to be moved to the right to be most like this one, from ±most seconds:
 * highest correlation of the spectrograms about their bands' means. 0 where nothing varies.
 */
export function bestLag(its, other, most = 2) {
  const centred = ({ frames, decibel }) => {
    const found = Float32Array.from(decibel);
    for (let band = 0; band < BANDS; band++) {
      let sum = 0;
      for (let frame = 0; frame < frames; frame++) sum += found[frame * BANDS + band];
      for (let frame = 0; frame < frames; frame++) found[frame * BANDS + band] -= sum / frames;
    }
    return found;
  };
  const [a, b] = [centred(its), centred(other)], limit = Math.round(most / its.step);
  let best = 0, lag = 0;
  for (let shift = -limit; shift <= limit; shift++) {
    const from = Math.max(0, shift), to = Math.min(its.frames, other.frames + shift);
    if (to - from < Math.min(its.frames, other.frames) / 2) continue;
    let product = 0, squares = 0, others = 0;
    // Every fourth band is enough to find the lag by.
    for (let frame = from; frame < to; frame++)
      for (let band = 1; band < BANDS; band += 4) {
        const x = a[frame * BANDS + band], y = b[(frame - shift) * BANDS + band];
        product += x * y;
        squares += x * x;
        others += y * y;
      }
    const likeness = product / (Math.sqrt(squares * others) || Infinity);
    if (likeness > best + 1e-9) [best, lag] = [likeness, shift];
  }
  return lag * its.step;
}
