// Two recordings played at once, one of them heard: switching between them is a crossfade, not a start.

const FADE_SECONDS = 0.015;
const AHEAD_SECONDS = 0.03;

/**
 * A player of two recordings.
 *
 * Both sources start at one time of one context and run on, whichever is heard; each goes through a gain of its own.
 * `lag` seconds of silence stand before the second, or it begins later where that is negative.
 */
export class Player {
  #context; #gains = []; #sources = []; #buffers; #loudness; #began = 0; #from = 0;

  constructor(makeContext = (rate) => new AudioContext({ sampleRate: rate })) {
    this.makeContext = makeContext;
    this.heard = 0;
    this.playing = false;
    this.lag = 0;
    this.span = null;
    this.seconds = 0;
  }

  /** What is to be played: two of {rate, seconds, samples}, and the factor that each is turned down by. */
  load(recordings, loudness) {
    this.pause();
    this.recordings = recordings;
    this.seconds = Math.max(...recordings.map(({ seconds }) => seconds));
    this.#loudness = loudness;
    this.#buffers = null;
    this.#from = this.lag = this.heard = 0;
    this.span = null;
  }

  /** Where it is, in seconds of the first recording. */
  get position() {
    if (!this.playing) return this.#from;
    const run = this.#from + Math.max(0, this.#context.currentTime - this.#began);
    if (!this.span) return Math.min(run, this.seconds);
    const [start, end] = this.span;
    return run < end ? run : start + ((run - start) % (end - start));
  }

  /** The graph as it stands, for who wants to know. */
  get graph() {
    return { gains: this.#gains.map(({ gain }) => gain), sources: this.#sources, context: this.#context };
  }

  play() {
    if (this.playing || !this.recordings) return;
    // Made on first use, after a click or a key: a browser keeps a context silent that was made before one.
    this.#context ??= this.makeContext(this.recordings[0].rate);
    this.#context.resume?.();
    this.#buffers ??= this.recordings.map(({ rate, samples }) => {
      const buffer = this.#context.createBuffer(1, samples.length, rate);
      buffer.copyToChannel(samples, 0);
      return buffer;
    });
    if (this.span && (this.#from < this.span[0] || this.#from >= this.span[1])) this.#from = this.span[0];
    if (this.#from >= this.seconds - 0.01) this.#from = 0;
    const when = this.#context.currentTime + AHEAD_SECONDS;
    this.#began = when;
    this.#gains = [0, 1].map((which) => {
      const gain = this.#context.createGain();
      gain.gain.value = which === this.heard ? this.#loudness[which] : 0;
      gain.connect(this.#context.destination);
      return gain;
    });
    this.#sources = this.#buffers.map((buffer, which) => {
      const source = this.#context.createBufferSource(), lag = which ? this.lag : 0;
      source.buffer = buffer;
      source.connect(this.#gains[which]);
      if (this.span) {
        source.loop = true;
        source.loopStart = Math.max(0, this.span[0] - lag);
        source.loopEnd = Math.max(0, Math.min(this.span[1] - lag, buffer.duration));
      }
      const offset = this.#from - lag;
      source.start(when + Math.max(0, -offset), Math.max(0, offset));
      return source;
    });
    this.playing = true;
  }

  pause() {
    if (!this.playing) return;
    this.#from = this.position;
    for (const source of this.#sources) source.stop();
    for (const gain of this.#gains) gain.disconnect();
    this.playing = false;
  }

  /** Hear the other one (0 or 1), from where they are. */
  hear(which) {
    this.heard = which;
    if (!this.playing) return;
    const now = this.#context.currentTime;
    this.#gains.forEach(({ gain }, its) => {
      gain.cancelScheduledValues(now);
      gain.setValueAtTime(gain.value, now);
      gain.linearRampToValueAtTime(its === which ? this.#loudness[its] : 0, now + FADE_SECONDS);
    });
  }

  /** Change something that the sources were started with. */
  #restarted(change) {
    const playing = this.playing;
    this.pause();
    change();
    if (playing) this.play();
  }

  seek(seconds) {
    this.#restarted(() => { this.#from = Math.min(this.seconds, Math.max(0, seconds)); });
  }

  /** Repeat from start to end, both in seconds of the first recording; null for the whole, once. */
  loop(span) {
    this.#restarted(() => { this.span = span; });
  }

  shift(lag) {
    this.#restarted(() => { this.lag = lag; });
  }

  /** Whether it came to its end by itself. */
  get ended() {
    return this.playing && !this.span && this.position >= this.seconds;
  }

  close() {
    this.pause();
    this.#context?.close?.();
    this.#context = undefined;
  }
}
