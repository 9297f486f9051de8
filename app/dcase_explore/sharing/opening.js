// Opens what stands in this one file: there is no folder beside it, and a page that is opened by double click may fetch
// nothing. Each file is an element whose text is its content, packed, in base64.
"use strict";
(() => {
  const ADDRESS = /dcase-explore-file:([\w./-]+)/g, addresses = {};
  const contentOf = (name) => {
    const element = document.getElementById(`file:${name}`);
    if (element === null) return null;
    const content = new Blob([Uint8Array.from(atob(element.textContent), (letter) => letter.charCodeAt(0))]).stream();
    return "packed" in element.dataset ? content.pipeThrough(new DecompressionStream("gzip")) : content;
  };
  /** Content of a file in a response, as of a fetch. */
  const read = (name) => new Response(contentOf(name), { status: 200 });
  /** Text of a file in which other scripts are named: now by the addresses that they have in this page. */
  const script = async (name) => (await read(name).text()).replaceAll(ADDRESS, (_, its) => addresses[its]);

  globalThis.dcaseExploreFile = async (name) => (name === "data/plugins.json" ? new Response(await script(name)) : read(name));
  addEventListener("DOMContentLoaded", async () => {
    const names = await read("scripts.json").json(); // those that a script imports stand before it
    for (const name of names) addresses[name] = URL.createObjectURL(new Blob([await script(name)], { type: "text/javascript" }));
    await import(addresses[names.at(-1)]);
  });
})();
