// One sound at a time, a line that runs over its spectrogram, and sounds that are in the file once for all their players.
const players = [...document.querySelectorAll("audio")];

for (const player of players) {
  if (player.dataset.sound) player.src = document.getElementById(player.dataset.sound).src;
  const line = player.parentElement.querySelector(".playhead");
  const from = Number(line.dataset.from), perSecond = Number(line.dataset.span);
  const svg = line.ownerSVGElement;

  const draw = () => {
    const x = from + player.currentTime * perSecond;
    line.setAttribute("x1", x);
    line.setAttribute("x2", x);
    line.classList.toggle("on", player.currentTime > 0);
    if (!player.paused) requestAnimationFrame(draw);
  };
  player.addEventListener("play", () => {
    for (const other of players) if (other !== player) other.pause();
    draw();
  });
  player.addEventListener("seeked", draw);
  svg.addEventListener("click", (event) => {
    const box = svg.getBoundingClientRect();
    const x = ((event.clientX - box.left) / box.width) * svg.viewBox.baseVal.width;
    const start = Math.max(0, (x - from) / perSecond);
    const go = () => { player.currentTime = Math.min(start, player.duration); player.play().catch(() => {}); }; // it may be paused before it begins
    if (player.readyState) return go();
    player.addEventListener("loadedmetadata", go, { once: true });
    player.load();
    player.preload = "auto";
  });
}
