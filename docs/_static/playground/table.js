// A table of stored trainings, unpacked: what tools/site/playground.py wrote, as arrays.
// Scores stay whole numbers of correct answers until they are shown.
(function () {
  "use strict";

  async function inflate(text) {
    const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
    return new Uint8Array(await new Response(stream).arrayBuffer());
  }

  // Undo `planes`: low and high bytes of differences, column by column; columns follow each other.
  function columns(bytes, width) {
    const half = bytes.length / 2;
    const rows = half / width;
    const values = new Uint16Array(half);
    for (let at = 0; at < half; at += 1) {
      const before = at < rows ? 0 : values[at - rows];
      values[at] = before + bytes[at] + (bytes[half + at] << 8);
    }
    return values;
  }

  function float16(bits) {
    const exponent = (bits >> 10) & 31;
    const fraction = bits & 1023;
    const sign = bits >> 15 ? -1 : 1;
    if (exponent === 31) return fraction ? NaN : sign * Infinity;
    if (exponent === 0) return sign * fraction * 2 ** -24;
    return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
  }

  class Table {
    static async unpack(data) {
      const table = new Table();
      Object.assign(table, { name: data.name, title: data.title, axes: data.axes, tries: data.tries });
      [table.size, table.seeds, table.epochs] = data.shape;
      table.rows = data.rows;
      table.opponents = data.opponents;
      const [levels, val, test, loss, valLoss] = await Promise.all(
        [data.levels, data.valCorrect, data.testCorrect, data.loss, data.val_loss].map(inflate),
      );
      table.levels = levels;
      table.val = columns(val, table.epochs);
      table.test = columns(test, table.seeds);
      table.losses = { loss: columns(loss, table.epochs), val_loss: columns(valLoss, table.epochs) };
      table.prepare();
      return table;
    }

    prepare() {
      this.sums = new Uint32Array(this.size);
      const last = (this.epochs - 1) * this.size * this.seeds;
      this.numbers = new Map();
      for (let number = 0; number < this.size; number += 1) {
        for (let seed = 0; seed < this.seeds; seed += 1) {
          this.sums[number] += this.val[last + number * this.seeds + seed];
        }
        this.numbers.set(this.levelsOf(number).join(), number);
      }
      this.sorted = Uint32Array.from(this.sums).sort();
    }

    // The level of each knob; 255 for a knob that this configuration does not have.
    levelsOf(number) {
      return this.axes.map((_, knob) => this.levels[knob * this.size + number]);
    }

    // The configuration with these levels; knobs that are switched off are left out of account.
    find(levels) {
      return this.numbers.get(levels.map((at, knob) => (this.active(knob, levels) ? at : 255)).join());
    }

    active(knob, levels) {
      const when = this.axes[knob].when;
      return !when || (this.active(when.knob, levels) && when.levels.includes(levels[when.knob]));
    }

    // Accuracies of the runs after an epoch, from 1.
    runs(number, epoch = this.epochs) {
      const start = (epoch - 1) * this.size * this.seeds + number * this.seeds;
      return Array.from(this.val.subarray(start, start + this.seeds), (c) => c / this.rows.validation);
    }

    curve(number, seed) {
      return Array.from({ length: this.epochs }, (_, epoch) => this.runs(number, epoch + 1)[seed]);
    }

    loss(number, name) {
      return Array.from({ length: this.epochs }, (_, e) => float16(this.losses[name][e * this.size + number]));
    }

    score(number) {
      return this.accuracy(this.sums[number]);
    }

    // Correct answers of all runs as a share.
    accuracy(sum) {
      return sum / (this.rows.validation * this.seeds);
    }

    testScore(number) {
      let sum = 0;
      for (let seed = 0; seed < this.seeds; seed += 1) sum += this.test[seed * this.size + number];
      return sum / (this.rows.test * this.seeds);
    }

    // 1 for the best; settings with equal scores share the better rank.
    rank(number) {
      return this.better(this.sums[number]) + 1;
    }

    better(sum) {
      let low = 0, high = this.size;
      while (low < high) {
        const middle = (low + high) >> 1;
        if (this.sorted[middle] > sum) high = middle;
        else low = middle + 1;
      }
      return this.size - low;
    }

    best(numbers) {
      return numbers.reduce((best, n) => (best === null || this.sums[n] > this.sums[best] ? n : best), null);
    }
  }

  window.hptUnpack = Table.unpack;
})();
