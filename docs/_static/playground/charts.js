// Line charts and histograms as SVG. Plain SVG and no library: it takes its colors from the page,
// dark or light, prints, scales to a phone, and says what it shows to those who cannot see it.
(function () {
  "use strict";
  const NAMESPACE = "http://www.w3.org/2000/svg";
  const WIDTH = 420, HEIGHT = 230;
  const LEFT = 52, RIGHT = 12, TOP = 12, BOTTOM = 40;

  function part(parent, name, attributes, text) {
    const made = document.createElementNS(NAMESPACE, name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    if (text !== undefined) made.textContent = text;
    parent.append(made);
    return made;
  }

  // Round numbers between two ends, about `count` of them.
  function ticks(low, high, count) {
    const rough = (high - low) / count;
    const power = 10 ** Math.floor(Math.log10(rough));
    const step = [1, 2, 5, 10].map((m) => m * power).find((s) => s >= rough);
    const found = [];
    for (let n = Math.ceil(low / step - 1e-9); n * step <= high + step * 1e-9; n += 1) {
      found.push(Number((n * step).toPrecision(12)));
    }
    return found;
  }

  function frame(place, reading, x, y) {
    place.replaceChildren();
    const attributes = { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": reading };
    const svg = part(place, "svg", { ...attributes, class: "hpt-chart" });
    const across = (v) => LEFT + ((v - x.low) / (x.high - x.low)) * (WIDTH - LEFT - RIGHT);
    const up = (v) => HEIGHT - BOTTOM - ((v - y.low) / (y.high - y.low)) * (HEIGHT - TOP - BOTTOM);
    for (const v of ticks(y.low, y.high, 4)) {
      part(svg, "line", { x1: LEFT, x2: WIDTH - RIGHT, y1: up(v), y2: up(v), class: "grid" });
      part(svg, "text", { x: LEFT - 6, y: up(v) + 4, "text-anchor": "end" }, String(v));
    }
    for (const v of ticks(x.low, x.high, 6).filter((v) => !x.whole || Number.isInteger(v))) {
      part(svg, "text", { x: across(v), y: HEIGHT - BOTTOM + 16, "text-anchor": "middle" }, String(v));
    }
    part(svg, "line", { x1: LEFT, x2: WIDTH - RIGHT, y1: HEIGHT - BOTTOM, y2: HEIGHT - BOTTOM, class: "axis" });
    const middle = (LEFT + WIDTH - RIGHT) / 2;
    part(svg, "text", { x: middle, y: HEIGHT - 6, "text-anchor": "middle" }, x.label);
    const turn = `translate(13 ${(HEIGHT - BOTTOM + TOP) / 2}) rotate(-90)`;
    part(svg, "text", { transform: turn, "text-anchor": "middle" }, y.label);
    return { svg, across, up };
  }

  // `series`: {name, values, kind}; value number i belongs to x = i + 1. A legend stands in the page.
  window.hptLines = function (place, { reading, series, xLabel, yLabel, top }) {
    const finite = series.flatMap((one) => one.values).filter(Number.isFinite);
    let low = Math.min(...finite), high = Math.max(...finite);
    const room = Math.max((high - low) * 0.06, 0.002);
    [low, high] = [low - room, Math.min(high + room, top ?? Infinity)];
    const length = Math.max(...series.map((one) => one.values.length));
    const x = { low: 1, high: Math.max(length, 2), label: xLabel, whole: true };
    const { svg, across, up } = frame(place, reading, x, { low, high, label: yLabel });
    for (const { values, kind } of series) {
      const points = values.map((v, i) => [across(i + 1), up(v)]).filter((p) => Number.isFinite(p[1]));
      const line = points.map(([a, b]) => `${a.toFixed(1)},${b.toFixed(1)}`).join(" ");
      part(svg, "polyline", { points: line, class: `line ${kind}` });
      if (kind === "you") for (const [cx, cy] of points) part(svg, "circle", { cx, cy, r: 3.5, class: "dot" });
    }
  };

  // How many of `values` lie where, and a mark at `mark`.
  window.hptHistogram = function (place, { reading, values, mark, low, high, xLabel, yLabel }) {
    const bins = 24;
    const counts = new Array(bins).fill(0);
    for (const v of values) {
      counts[Math.min(bins - 1, Math.max(0, Math.floor(((v - low) / (high - low)) * bins)))] += 1;
    }
    const x = { low, high, label: xLabel };
    const { svg, across, up } = frame(place, reading, x, { low: 0, high: Math.max(...counts) * 1.05, label: yLabel });
    counts.forEach((count, bin) => {
      const from = across(low + ((high - low) * bin) / bins);
      const to = across(low + ((high - low) * (bin + 1)) / bins);
      const height = up(0) - up(count);
      part(svg, "rect", { x: from + 0.5, y: up(count), width: to - from - 1, height, class: "bar" });
    });
    const at = across(Math.min(high, Math.max(low, mark)));
    part(svg, "line", { x1: at, x2: at, y1: TOP, y2: up(0), class: "mark" });
  };
})();
