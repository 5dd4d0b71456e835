// Makes delta.json with @ably/vcdiff-decoder 1.0.6, the decoder that ably-js users install:
// npm install @ably/vcdiff-decoder@1.0.6 && node delta.mjs > delta.json
//
// `random`: deltas of random instructions, every code of the table among them, and what the decoder
// makes of them. `refused`: deltas that it refuses.

import { createRequire } from 'node:module';
import { join } from 'node:path';

const { decode } = createRequire(join(process.cwd(), 'x.js'))('@ably/vcdiff-decoder');

let state = 20250822;
const below = (n) => {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return Math.floor((state / 2 ** 32) * n);
};
const bytes = (n) => Array.from({ length: n }, () => below(256));

const number = (n) => {
  const out = [n & 127];
  for (n = Math.floor(n / 128); n > 0; n = Math.floor(n / 128)) out.unshift((n & 127) | 128);
  return out;
};

// The instructions of a code: [kind, size, mode], RFC 3284 section 5.6.
const table = [[['run', 0]]];
for (let size = 0; size <= 17; size += 1) table.push([['add', size]]);
for (let mode = 0; mode < 9; mode += 1) {
  for (const size of [0, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18]) table.push([['copy', size, mode]]);
}
for (let mode = 0; mode < 6; mode += 1) {
  for (let add = 1; add <= 4; add += 1) {
    for (let copy = 4; copy <= 6; copy += 1) table.push([['add', add], ['copy', copy, mode]]);
  }
}
for (let mode = 6; mode < 9; mode += 1) {
  for (let add = 1; add <= 4; add += 1) table.push([['add', add], ['copy', 4, mode]]);
}
for (let mode = 0; mode < 9; mode += 1) table.push([['copy', 4, mode], ['add', 1]]);

// A window that carries out these codes as far as they are possible, with random sizes and
// addresses. No copy crosses the border of source and target. Without `nearZero` no address is near
// 0, which vcdiff-decode refuses.
const window = (base, codes, nearZero) => {
  const size = base.length && below(5) ? 1 + below(base.length) : 0;
  const position = size ? below(base.length - size + 1) : 0;
  const [data, instructions, addresses] = [[], [], []];
  const near = [0, 0, 0, 0];
  const same = new Array(768).fill(0);
  let [next, made] = [0, 0];
  for (const code of codes) {
    const saved = { made, next, near: [...near], same: [...same], d: data.length, i: instructions.length, a: addresses.length };
    instructions.push(code);
    const possible = table[code].every(([kind, fixed, mode]) => {
      const count = fixed || 1 + below(40);
      if (!fixed) instructions.push(...number(count));
      if (kind === 'add') data.push(...bytes(count));
      if (kind === 'run') data.push(below(256));
      if (kind === 'copy') {
        const here = size + made;
        if (here === 0) return false;
        let address;
        if (mode <= 1) address = below(here);
        else if (mode < 6 && near[mode - 2] === 0 && !nearZero) return false;
        else if (mode < 6) address = near[mode - 2] + below(here - near[mode - 2]);
        else address = same[(mode - 6) * 256 + below(256)];
        if (mode >= 6) {
          const filled = same.map((v, slot) => [v, slot]).filter(([v, slot]) => v && slot >> 8 === mode - 6);
          const slot = filled.length ? filled[below(filled.length)][1] : (mode - 6) * 256;
          address = same[slot];
          addresses.push(slot & 255);
        } else {
          addresses.push(...number(mode === 0 ? address : mode === 1 ? here - address : address - near[mode - 2]));
        }
        if (address < size && address + count > size) return false;
        near[next] = address;
        next = (next + 1) % 4;
        same[address % 768] = address;
      }
      made += count;
      return true;
    });
    if (!possible) {
      ({ made, next } = saved);
      saved.near.forEach((v, i) => { near[i] = v; });
      saved.same.forEach((v, i) => { same[i] = v; });
      data.length = saved.d;
      instructions.length = saved.i;
      addresses.length = saved.a;
    } else {
      used.add(code);
    }
  }
  const body = [...number(made), 0, ...number(data.length), ...number(instructions.length), ...number(addresses.length),
    ...data, ...instructions, ...addresses];
  return [...(size ? [1, ...number(size), ...number(position)] : [0]), ...number(body.length), ...body];
};

const used = new Set();
const header = [0xd6, 0xc3, 0xc4, 0, 0];
const hex = (list) => Buffer.from(list).toString('hex');
const random = [];
for (let n = 0; n < 240; n += 1) {
  const base = bytes([0, 1, 30, 200, 1500][n % 5]);
  const windows = 1 + (n % 3);
  const delta = [...header];
  for (let w = 0; w < windows; w += 1) {
    delta.push(...window(base, Array.from({ length: 1 + below(20) }, (_, i) => (n * 7 + w * 31 + i * 53 + below(3)) & 255), n % 3 === 0));
  }
  const target = decode(Buffer.from(delta), Buffer.from(base));
  random.push({ delta: hex(delta), base: hex(base), target: hex(target) });
}
if (used.size !== 256) throw new Error(`only ${used.size} codes were used`);

const refused = [];
const good = [1, 4, 0, 9, 4, 0, 0, 2, 1, 0x13, 4, 0];
for (const [why, delta] of [
  ['nothing', []],
  ['magic', [0xd6, 0xc3, 0xc5, 0, 0, ...good]],
  ['version', [0xd6, 0xc3, 0xc4, 1, 0, ...good]],
  ['compressor', [0xd6, 0xc3, 0xc4, 0, 1, 0, ...good]],
  ['code table', [0xd6, 0xc3, 0xc4, 0, 2, 0, ...good]],
  ['target as source', [...header, 2, ...good.slice(1)]],
  ['both sources', [...header, 3, ...good.slice(1)]],
  ['compressed sections', [...header, 1, 4, 0, 9, 4, 7, 0, 2, 1, 0x13, 4, 0]],
]) {
  let error;
  try {
    decode(Buffer.from(delta), Buffer.from('base'));
  } catch (e) {
    error = e;
  }
  if (!error) throw new Error(`${why} was not refused`);
  refused.push({ why, delta: hex(delta) });
}

const lines = (list) => `[\n${list.map((item) => JSON.stringify(item)).join(',\n')}\n]`;
console.log(`{"random": ${lines(random)},\n"refused": ${lines(refused)}}`);
