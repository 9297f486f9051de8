// Stands in for the program: answers the page from the files beside it, and says in a sentence what needs the program.
"use strict";
(() => {
  const base = new URL(".", document.baseURI).href, load = globalThis.fetch.bind(globalThis);
  const file = globalThis.dcaseExploreFile ?? ((name) => load(base + name)); // in the page itself, or beside it
  const ALONE = "This is a copy without the program, which this needs: install dcase-explore and open the data with it.";
  const SILENT = "This clip's sound is not in this copy.";
  const [PEAKS_PER_SECOND, FEWEST_PEAKS_PER_SECOND, PEAKS] = [1000, 50, 10000]; // as the program has them
  const ORIGIN = "widgetOfFile";

  const json = (value, status = 200) => new Response(JSON.stringify(value), { status, headers: { "content-type": "application/json" } });
  const refused = (title, status = 501) => json({ title, detail: "", type: "Problem" }, status);
  const kept = new Map();
  const data = (name) => {
    if (!kept.has(name)) kept.set(name, file(`data/${name}.json`).then((answer) => answer.json()));
    return kept.get(name);
  };

  // The layout as it is arranged; gone with the page.
  let arranged = null, chosen = null;
  const current = async () => chosen ?? (await data("layouts")).current;
  const layout = async () => arranged ?? (await data("layouts")).layouts[await current()];
  const clean = (node) => {
    if (Array.isArray(node)) return node.map(clean);
    if (node === null || typeof node !== "object") return node;
    return Object.fromEntries(Object.entries(node).filter(([key]) => key !== ORIGIN).map(([key, value]) => [key, clean(value)]));
  };

  const sound = async (column, row) => {
    const number = (await data("sounds"))[column]?.[row];
    return number === undefined ? null : file(`sounds/${number}`);
  };
  const peaks = async (answer) => {
    const { rate } = await data("about");
    const buffer = await new OfflineAudioContext(1, 1, rate).decodeAudioData(await answer.arrayBuffer());
    const channels = Array.from({ length: buffer.numberOfChannels }, (_, number) => buffer.getChannelData(number));
    const perSecond = Math.max(FEWEST_PEAKS_PER_SECOND, Math.min(PEAKS_PER_SECOND, (PEAKS * rate) / buffer.length));
    const stretches = Math.max(1, Math.round(buffer.length / Math.max(1, rate / perSecond))), found = [];
    for (let stretch = 0; stretch < stretches; stretch++) {
      const [from, to] = [stretch, stretch + 1].map((place) => Math.round((place * buffer.length) / stretches));
      let high = -Infinity, low = Infinity;
      for (const samples of channels)
        for (let at = from; at < to; at++) {
          if (samples[at] > high) high = samples[at];
          if (samples[at] < low) low = samples[at];
        }
      found.push(high, low);
    }
    return json(found);
  };

  const cell = async (column, row, waveform) => {
    const texts = await data("texts"), columns = (await data("about")).sound_columns;
    if (column in texts) return json(texts[column][row] ?? null);
    if (!columns.includes(column)) return refused(ALONE);
    const found = await sound(column, row);
    if (found === null) return refused(SILENT, 404);
    return waveform ? peaks(found) : found;
  };

  const setting = (method, name, body) => {
    const key = `dcase-explore ${name}`;
    try {
      if (method === "PUT") localStorage.setItem(key, JSON.stringify(body.value));
      if (method === "DELETE") localStorage.removeItem(key);
      return json(method === "GET" ? JSON.parse(localStorage.getItem(key)) : null);
    } catch {
      return json(null); // a browser that keeps nothing
    }
  };

  const ROUTES = [
    [/^table\/$/, () => file("data/table.json")],
    [/^issues\/$/, () => file("data/issues.json")],
    [/^plugins\/$/, () => file("data/plugins.json")],
    [/^config\/(.+)$/, (method, body, _, name) => setting(method, name, body)],
    [/^table\/([^/]+)\/(\d+)(\/waveform)?$/, (_, __, ___, column, row, waveform) => cell(decodeURIComponent(column), Number(row), waveform)],
    [/^layout\/$/, async (method, body) => {
      if (method === "PUT") arranged = body.layout;
      return json(await layout());
    }],
    [/^layout\/reset$/, async () => { arranged = chosen = null; return json(await layout()); }],
    [/^layout\/file$/, async (_, body) => new Response(JSON.stringify(clean(body?.layout ?? (await layout())), null, 2))],
    [/^rows$/, () => json({})],
    [/^dcase\/layout$/, async (method, body) => {
      const { layouts } = await data("layouts");
      if (method === "PUT" && !(body.layout in layouts)) return refused("There is no layout of that name in this copy.", 422);
      if (method === "PUT") [chosen, arranged] = [body.layout, null];
      return json({ layouts: Object.keys(layouts), current: await current() });
    }],
    [/^dcase\/copy$/, async () => json((await data("about")).copy)],
    [/^dcase\/facts$/, () => file("data/facts.json")],
    [/^dcase\/intervals$/, () => file("data/intervals.json")],
    [/^dcase\/nearest\/(\d+)$/, async (_, __, ___, row) => json((await data("nearest"))[row] ?? {})],
    [/^dcase\/clip$/, async (_, __, parameters) => {
      const row = (await data("texts")).clip_id.indexOf(parameters.get("clip_id"));
      return row < 0 ? refused("There is no such clip in this copy.", 404) : json({ row });
    }],
    [/^dcase\/notes$/, (method) => (method === "GET" ? file("data/notes.json") : refused(ALONE))],
  ];

  globalThis.fetch = async (input, init = {}) => {
    const request = input instanceof Request ? input : null;
    const url = new URL(request?.url ?? input, base);
    if (!url.href.startsWith(`${base}api/`)) return load(input, init);
    const method = (init.method ?? request?.method ?? "GET").toUpperCase();
    const text = typeof init.body === "string" ? init.body : await request?.text();
    const path = url.href.slice(base.length + 4).split(/[?#]/)[0];
    for (const [pattern, answer] of ROUTES) {
      const match = pattern.exec(path);
      if (match) return answer(method, text ? JSON.parse(text) : null, url.searchParams, ...match.slice(1));
    }
    return refused(ALONE);
  };

  globalThis.WebSocket = class {
    constructor() { setTimeout(() => this.onopen?.({})); }
    send(text) {
      const { type, data: asked } = JSON.parse(text);
      const error = { type: "Problem", title: ALONE, detail: "" };
      if (type === "task") setTimeout(() => this.onmessage?.({ data: JSON.stringify({ type: "task.error", data: { task_id: asked.task_id, error } }) }));
    }
    close() {}
  };
})();
