// The playground's page: knobs, tries, the map, the end of the game, and the game in the address.
(function () {
  "use strict";
  const root = document.getElementById("hpt-playground");
  const find = (name) => root.querySelector(`[data-hpt=${name}]`);
  const three = (share) => share.toFixed(3);
  const many = (count) => count.toLocaleString("en-US");
  const tables = new Map(); // unpacked, by name
  const waiting = new Map(); // who waits for a table's script
  let table = null, levels = [], tries = [], opened = false, shown = null;

  function element(name, attributes = {}, ...children) {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) {
      if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
      else if (value === true) made.setAttribute(key, "");
      else if (value !== false && value !== null) made.setAttribute(key, value);
    }
    made.append(...children);
    return made;
  }

  const nameOf = (knob, level) => String(table.axes[knob].levels[level]);
  const described = (number) =>
    table.levelsOf(number).flatMap((at, knob) => (at === 255 ? [] : [`${table.axes[knob].label} ${nameOf(knob, at)}`])).join(", ");

  window.hptPlay = { table: () => table }; // for tests, and for the curious

  // ── tables, each a script of its own ──────────────────────────────────────
  window.hptTable = (data) => waiting.get(data.name)(data);

  async function load(name) {
    if (!tables.has(name)) {
      const data = await new Promise((arrive, fail) => {
        waiting.set(name, arrive);
        const source = `${root.dataset.folder}playground-${name}.js`;
        document.head.append(element("script", { src: source, onerror: () => fail(new Error(source)) }));
      });
      tables.set(name, await window.hptUnpack(data));
    }
    return tables.get(name);
  }

  // ── the game in the address ───────────────────────────────────────────────
  function readAddress() {
    const asked = new URLSearchParams(location.hash.slice(1));
    const name = window.hptTables.map((one) => one.name).find((known) => known === asked.get("table"));
    const numbers = (asked.get("tries") || "").split(".").filter((text) => /^\d+$/.test(text)).map(Number);
    return { name: name || window.hptTables[0].name, numbers, open: asked.get("test") === "open" };
  }

  // With `keep`, the address of before stays one step back in the browser's history.
  function writeAddress(keep = false) {
    const asked = `#table=${table.name}` + (tries.length ? `&tries=${tries.join(".")}` : "") + (opened ? "&test=open" : "");
    if (keep) history.pushState(null, "", asked);
    else history.replaceState(null, "", asked);
  }

  // A new game. One that was begun is not lost: the browser's Back brings it.
  async function anew(name) {
    const begun = tries.length > 0;
    await begin(name);
    writeAddress(begun);
    if (begun) say(`${find("live").textContent} Your browser's Back brings the game of before.`);
  }

  async function begin(name, numbers = [], open = false) {
    table = await load(name);
    tries = [...new Set(numbers)].filter((n) => n < table.size).slice(0, table.tries);
    opened = open && tries.length === table.tries;
    shown = tries.length ? tries[tries.length - 1] : null;
    levels = table.axes.map((axis) => axis.start);
    if (shown !== null) table.levelsOf(shown).forEach((at, knob) => { if (at !== 255) levels[knob] = at; });
    find("table").value = name;
    buildKnobs();
    buildMapChoices();
    draw();
    say(tries.length ? greeting() : `${table.title}. ${many(table.size)} settings were trained, ${table.seeds} runs each. You have ${table.tries} tries.`);
    mapSays("");
    root.dataset.ready = name;
  }

  // What somebody is told who opens the address of a game.
  function greeting() {
    const left = table.tries - tries.length, best = table.best(tries);
    return `A shared game on ${table.title}: ${tries.length} ${tries.length === 1 ? "try" : "tries"}, ${left || "none"} left. ` +
      `Best: try ${tries.indexOf(best) + 1} with ${three(table.score(best))}.`;
  }

  // ── knobs ─────────────────────────────────────────────────────────────────
  function buildKnobs() {
    find("knobs").replaceChildren(...table.axes.map((axis, knob) => (axis.ordered ? slider(axis, knob) : radios(axis, knob))));
    followConditions();
  }

  function slider(axis, knob) {
    const id = `hpt-knob-${knob}`;
    const output = element("output", { for: id }, nameOf(knob, levels[knob]));
    const input = element("input", {
      type: "range", id, min: 0, max: axis.levels.length - 1, step: 1, value: levels[knob],
      "aria-valuetext": nameOf(knob, levels[knob]), "data-knob": axis.name,
      oninput: () => turn(knob, Number(input.value)),
    });
    return element("div", { class: "hpt-knob" }, element("label", { for: id }, axis.label), input, output);
  }

  function radios(axis, knob) {
    const choices = axis.levels.map((level, at) =>
      element("label", {}, element("input", {
        type: "radio", name: `hpt-knob-${knob}`, value: at, checked: at === levels[knob], "data-knob": axis.name,
        onchange: () => turn(knob, at),
      }), element("span", {}, String(level))));
    return element("fieldset", { class: "hpt-knob" }, element("legend", {}, axis.label), ...choices);
  }

  function turn(knob, level) {
    levels[knob] = level;
    const place = find("knobs").children[knob];
    const range = place.querySelector("input[type=range]");
    if (range) {
      range.value = level;
      range.setAttribute("aria-valuetext", nameOf(knob, level));
      place.querySelector("output").textContent = nameOf(knob, level);
    } else place.querySelectorAll("input")[level].checked = true;
    followConditions();
    drawMap();
  }

  // Set what a knob depends on, so that the settings have it.
  function switchOn(knob) {
    const when = table.axes[knob].when;
    if (!when || table.active(knob, levels)) return;
    switchOn(when.knob);
    if (!when.levels.includes(levels[when.knob])) turn(when.knob, when.levels[0]);
  }

  // A knob that the present settings do not have is taken away.
  function followConditions() {
    table.axes.forEach((_, knob) => { find("knobs").children[knob].hidden = !table.active(knob, levels); });
  }

  // ── a try ─────────────────────────────────────────────────────────────────
  function attempt() {
    const number = table.find(levels);
    const before = tries.indexOf(number);
    shown = number;
    if (before < 0 && tries.length < table.tries) tries.push(number);
    draw();
    if (before >= 0) say(`This was try ${before + 1}, and costs nothing again: ${reading(number)}`);
    else say(`Try ${tries.length} of ${table.tries}: ${reading(number)} ${standing()}`);
    if (before < 0 && tries.length === table.tries) find("live").append(" ", toResult());
    mapSays(`Try ${tries.indexOf(number) + 1}: ${three(table.score(number))}, rank ${many(table.rank(number))}`);
    writeAddress();
  }

  function reading(number) {
    const runs = table.runs(number);
    return `accuracy ${three(table.score(number))} on the validation rows, the mean of ${table.seeds} runs from ` +
      `${three(Math.min(...runs))} to ${three(Math.max(...runs))}. Rank ${many(table.rank(number))} of ${many(table.size)} settings.`;
  }

  function standing() {
    const best = table.best(tries);
    const where = `Best so far: try ${tries.indexOf(best) + 1} with ${three(table.score(best))}.`;
    return tries.length === table.tries ? `${where} Your tries are used up.` : where;
  }

  // A button and no link, since the address holds the game.
  function toResult() {
    const go = () => { find("end").scrollIntoView(); find("end-title").focus(); };
    return element("button", { type: "button", class: "hpt-link", onclick: go }, "How you did, further down");
  }

  const say = (text) => { find("live").textContent = text; };
  const mapSays = (text) => { find("map-said").textContent = text; };

  // ── what is shown ─────────────────────────────────────────────────────────
  function draw() {
    const left = table.tries - tries.length;
    find("left").textContent = left ? `${left} of ${table.tries} tries left` : "No tries left";
    for (const name of ["try", "try-map"]) find(name).disabled = !left;
    drawCurves();
    drawTries();
    drawMap();
    drawRace();
    drawEnd();
  }

  function drawCurves() {
    find("shown").hidden = shown === null;
    find("empty").hidden = shown !== null;
    if (shown === null) return;
    const at = tries.indexOf(shown);
    const runs = table.runs(shown);
    find("score").textContent = three(table.score(shown));
    find("spread").textContent = `${table.seeds} runs: ${three(Math.min(...runs))} to ${three(Math.max(...runs))}`;
    find("rank").textContent = `rank ${many(table.rank(shown))} of ${many(table.size)}`;
    find("which").textContent = `Try ${at + 1}: ${described(shown)}`;
    const seeds = Array.from({ length: table.seeds }, (_, seed) => table.curve(shown, seed));
    const mean = seeds[0].map((_, epoch) => seeds.reduce((sum, run) => sum + run[epoch], 0) / table.seeds);
    window.hptLines(find("accuracy"), {
      reading: `Validation accuracy by epoch: ${three(mean[0])} after the first, ${three(mean[mean.length - 1])} after the last, mean of ${table.seeds} runs.`,
      series: [...seeds.map((values) => ({ values, kind: "run" })), { values: mean, kind: "mean" }],
      xLabel: "epoch", yLabel: "validation accuracy", top: 1,
    });
    const [loss, valLoss] = [table.loss(shown, "loss"), table.loss(shown, "val_loss")];
    const ends = (values) => (Number.isFinite(values[values.length - 1]) ? values[values.length - 1].toPrecision(3) : "not a number");
    window.hptLines(find("loss"), {
      reading: `Loss after the last epoch: training ${ends(loss)}, validation ${ends(valLoss)}.`,
      series: [{ values: loss, kind: "training" }, { values: valLoss, kind: "validation" }],
      xLabel: "epoch", yLabel: "loss, mean of runs",
    });
  }

  function drawTries() {
    const best = table.best(tries);
    find("tries").replaceChildren(...tries.map((number, at) => element("li", {},
      element("button", {
        type: "button", "aria-pressed": number === shown ? "true" : "false",
        onclick: () => { shown = number; draw(); root.querySelectorAll("[data-hpt=tries] button")[at].focus(); say(`Try ${at + 1}: ${reading(number)}`); },
      }, element("strong", {}, three(table.score(number))), number === best ? " best" : "", element("span", {}, described(number))))));
    find("history").hidden = !tries.length;
  }

  function bestSoFar() {
    return tries.map((_, at) => table.score(table.best(tries.slice(0, at + 1))));
  }

  function drawRace() {
    find("race").hidden = !tries.length;
    if (!tries.length) return;
    const mine = bestSoFar();
    const others = table.opponents.filter((one) => one.name !== "mean");
    const medians = others.map((one) => one.medians.slice(0, table.tries).map((sum) => table.accuracy(sum)));
    find("race-key").replaceChildren(element("span", { class: "hpt-key you" }), "you ",
      ...others.flatMap((one, i) => [element("span", { class: `hpt-key other-${i}` }), `${one.label} `]),
      "(medians of 1,000 searches)");
    window.hptLines(find("race-chart"), {
      reading: `Best accuracy so far: you ${three(mine[mine.length - 1])} after ${mine.length}. Medians of 1,000 searches after ${table.tries}: ` +
        others.map((one, i) => `${one.label} ${three(medians[i][table.tries - 1])}`).join(", ") + ".",
      series: [...medians.map((values, i) => ({ values, kind: `other-${i}` })), { values: mine, kind: "you" }],
      xLabel: "tries", yLabel: "best accuracy so far", top: 1,
    });
  }

  // ── the map of two knobs ──────────────────────────────────────────────────
  function buildMapChoices() {
    const size = (axis) => axis.levels.length;
    // First the knobs that every setting has, so that the map shows each try; of these the finest.
    const some = (axis) => (axis.when ? 1 : 0);
    const order = table.axes.map((_, knob) => knob).sort((a, b) =>
      some(table.axes[a]) - some(table.axes[b]) || size(table.axes[b]) - size(table.axes[a]));
    for (const [place, start] of [["across", order[0]], ["down", order[1]]]) {
      find(place).replaceChildren(...table.axes.map((axis, knob) =>
        element("option", { value: knob, selected: knob === start }, axis.label)));
    }
  }

  function drawMap() {
    const across = Number(find("across").value), down = Number(find("down").value);
    const over = tries.length === table.tries;
    const focused = document.activeElement && document.activeElement.dataset.cell;
    const place = find("map");
    if (across === down) {
      place.replaceChildren(element("p", {}, "Choose two different knobs."));
      return;
    }
    const seen = bestByCell(tries, across, down);
    const all = over ? bestByCell(Array.from({ length: table.size }, (_, n) => n), across, down) : new Map();
    const head = table.axes[across].levels.map((level) => element("th", { scope: "col" }, String(level)));
    const body = table.axes[down].levels.map((level, row) => element("tr", {}, element("th", { scope: "row" }, String(level)),
      ...table.axes[across].levels.map((_, column) => cell(across, down, column, row, seen, all))));
    place.replaceChildren(element("table", {},
      element("caption", {}, `${table.axes[across].label} across, ${table.axes[down].label} down`),
      element("thead", {}, element("tr", {}, element("td", {}), ...head)), element("tbody", {}, ...body)));
    if (focused) place.querySelector(`[data-cell="${focused}"]`)?.focus();
    find("map-hint").hidden = place.scrollWidth <= place.clientWidth;
    const without = [across, down].find((knob) => !table.active(knob, levels));
    const warned = without === undefined ? "" : `The knobs above have no ${table.axes[without].label}, since ` +
      `${table.axes[table.axes[without].when.knob].label} is ${nameOf(table.axes[without].when.knob, levels[table.axes[without].when.knob])}: ` +
      `a cell here switches that, too. `;
    find("map-note").textContent = warned + (over
      ? "Your tries are used up, so the rest is uncovered in italics: the best that was to be had with these two levels, whatever the other knobs."
      : "A cell is uncovered once you have tried these two levels, and shows the best of those tries. Press a cell to set both knobs.");
  }

  function bestByCell(numbers, across, down) {
    const found = new Map();
    for (const number of numbers) {
      const key = `${table.levels[across * table.size + number]},${table.levels[down * table.size + number]}`;
      const before = found.get(key);
      if (before === undefined || table.sums[number] > table.sums[before]) found.set(key, number);
    }
    return found;
  }

  function cell(across, down, column, row, seen, all) {
    const key = `${column},${row}`;
    const own = seen.get(key), number = own ?? all.get(key);
    const here = levels[across] === column && levels[down] === row;
    const said = `${table.axes[across].label} ${nameOf(across, column)}, ${table.axes[down].label} ${nameOf(down, row)}: `;
    const what = own !== undefined ? `best of your tries ${three(table.score(own))}`
      : number !== undefined ? `not tried, at best ${three(table.score(number))}` : "not looked at";
    // Lightness by the share of settings that are worse: accuracies crowd near the top.
    const share = number === undefined ? null : 1 - table.rank(number) / table.size;
    const made = element("button", {
      type: "button", "data-cell": key, "aria-label": said + what, "aria-pressed": here ? "true" : "false",
      class: own !== undefined ? "seen" : number !== undefined ? "late" : "covered",
      onclick: () => {
        const before = [...levels];
        for (const [knob, level] of [[across, column], [down, row]]) {
          switchOn(knob);
          turn(knob, level);
        }
        const switched = table.axes.flatMap((axis, knob) =>
          (knob === across || knob === down || levels[knob] === before[knob] ? [] : [`${axis.label} is now ${nameOf(knob, levels[knob])}`]));
        const told = `${said}knobs set${switched.map((text) => `; ${text}`).join("")}.`;
        say(told);
        mapSays(told);
      },
    }, number === undefined ? "?" : three(table.score(number)).replace(/^0/, ""));
    if (share !== null) made.style.setProperty("--share", share.toFixed(3));
    if (share !== null) made.dataset.dark = share > 0.676;
    return element("td", {}, made);
  }

  // ── the end ───────────────────────────────────────────────────────────────
  function drawEnd() {
    const over = tries.length === table.tries;
    find("end").hidden = !over;
    if (!over) return;
    const best = table.best(tries), sum = table.sums[best];
    const others = table.opponents.filter((one) => one.name !== "mean");
    const low = Math.min(table.score(best), ...others.map((one) => table.accuracy(one.sums[50])));
    const high = table.accuracy(table.sorted[table.size - 1]);
    find("verdict").textContent = others.map((one) => against(one, sum)).join(" ");
    find("distributions").replaceChildren(...others.map((one) => {
      const place = element("div");
      window.hptHistogram(place, {
        reading: against(one, sum), values: one.sums.map((s) => table.accuracy(s)), mark: table.score(best),
        low: low - 0.002, high: high + 0.002, xLabel: "accuracy of what was found", yLabel: "searches",
      });
      return element("figure", {}, element("figcaption", {}, `${one.label}, ${table.tries} trials. The line is you; the first bar is all that found less.`), place);
    }));
    find("fair").textContent = fairness();
    find("open").hidden = opened;
    find("test").hidden = !opened;
    if (opened) {
      const test = table.testScore(best), difference = test - table.score(best);
      const share = table.score(best);
      // What two shares of so few rows may differ by, as lesson 11 reckons it.
      const chance = 1.96 * Math.sqrt(share * (1 - share) * (1 / table.rows.validation + 1 / table.rows.test));
      find("test").textContent = `Test accuracy of your best setting, try ${tries.indexOf(best) + 1}: ${three(test)}, the mean of ${table.seeds} runs on ` +
        `${table.rows.test} rows that nobody chose by. That is ${three(Math.abs(difference))} ${difference < 0 ? "below" : "above"} its validation accuracy. ` +
        `A score that was chosen by tends to flatter; with so few rows, a difference of up to about ${chance.toPrecision(1)} may be chance alone.`;
    }
  }

  function against(one, sum) {
    const beaten = one.sums.filter((s) => s < sum).length, even = one.sums.filter((s) => s === sum).length;
    return `You beat ${many(beaten)} of ${many(one.sums.length)} ${one.label === "TPE" ? "runs of TPE" : "random searches"} with ${table.tries} trials` +
      (even ? ` and drew with ${many(even)}.` : ".");
  }

  function fairness() {
    const [random, seeing, tpe] = ["random", "mean", "tpe"].map((name) => table.opponents.find((one) => one.name === name));
    const median = (one, trials) => three(table.accuracy(one.medians[trials - 1]));
    const long = random.medians.length;
    const learning = tpe
      ? `TPE draws its first ten trials at random, so after ${table.tries} it has only begun to learn: its median is ${median(tpe, table.tries)} then and ` +
        `${median(tpe, long)} after ${long}, that of random search ${median(random, long)}. `
      : "";
    return `Is that fair? Each search saw one run of a setting, and you see the mean of ${table.seeds}; all are judged by that mean. Random search with your view ` +
      `reaches a median of ${median(seeing, table.tries)}, with theirs ${median(random, table.tries)}. ${learning}` +
      `The best setting of all has ${three(table.accuracy(table.sorted[table.size - 1]))}.`;
  }

  // ── what can be pressed ───────────────────────────────────────────────────
  function start() {
    find("table").replaceChildren(...window.hptTables.map((one) => element("option", { value: one.name }, one.title)));
    find("form").addEventListener("submit", (event) => { event.preventDefault(); attempt(); });
    find("table").addEventListener("change", () => anew(find("table").value));
    find("again").addEventListener("click", () => anew(table.name).then(() => find("try").focus()));
    for (const name of ["across", "down"]) find(name).addEventListener("change", drawMap);
    find("open").addEventListener("click", () => {
      opened = true;
      shown = table.best(tries); // the curves above are then those of the setting that is judged
      draw();
      find("test").focus();
      writeAddress();
    });
    let back = 0;
    const flash = (text) => { // on the button itself, which is where one looks
      find("share").textContent = text;
      clearTimeout(back);
      back = setTimeout(() => { find("share").textContent = "Copy link"; }, 4000);
    };
    find("share").addEventListener("click", async () => {
      try {
        await navigator.clipboard.writeText(location.href);
        flash("Copied");
        find("shared").textContent = "The link to this game is copied.";
      } catch {
        flash("Copy the address");
        find("shared").textContent = `The address of this page is the link to this game: ${location.href}`;
      }
    });
    window.addEventListener("resize", () => { if (table) find("map-hint").hidden = find("map").scrollWidth <= find("map").clientWidth; });
    const asked = readAddress();
    begin(asked.name, asked.numbers, asked.open).catch((error) => say(`The table could not be loaded: ${error.message}.`));
    window.addEventListener("hashchange", () => {
      const again = readAddress();
      begin(again.name, again.numbers, again.open);
    });
  }

  start();
})();
