// Makes encoding.json with ably-js 2.12.0:
// npm install ably@2.12.0 && node encoding.mjs > encoding.json
//
// `decode`: data and encoding as received, and what ably-js's chain makes of them on a channel
// without cipher and delta. `encode`: what it makes of data that is published.

import { createRequire } from 'node:module';
import { join } from 'node:path';

const Ably = createRequire(join(process.cwd(), 'x.js'))('ably');
const { decodeData, encodeData } = Ably.Realtime._MessageEncoding;

const shown = (data) => {
  if (data === null || data === undefined) return { kind: 'none' };
  if (Buffer.isBuffer(data)) return { kind: 'bytes', value: data.toString('hex') };
  if (typeof data === 'string') return { kind: 'text', value: data };
  return { kind: 'json', value: JSON.stringify(data) };
};

const bytes = (hex) => Buffer.from(hex, 'hex');
const b64 = (text) => Buffer.from(text).toString('base64');
const received = [
  ['hello', null],
  ['hello', ''],
  [bytes('deadbeef'), null],
  ['3q2+7w==', 'base64'],
  ['', 'base64'],
  [b64('héllo'), 'utf-8/base64'],
  [bytes('68c3a96c6c6f'), 'utf-8'],
  ['{"a":[1,2.5,null]}', 'json'],
  ['[]', 'json'],
  ['"text"', 'json'],
  ['"a\\u0062\\n"', 'json'],
  ['5', 'json'],
  ['true', 'json'],
  ['null', 'json'],
  ['{"a":', 'json'],
  ['', 'json'],
  [b64('{"a":1}'), 'json/base64'],
  [b64('{"a":1}'), 'json/utf-8/base64'],
  [bytes('7b7d'), 'json/utf-8'],
  [b64(b64('twice')), 'utf-8/base64/base64'],
  ['"[1]"', 'json/json'],
  ['{"a":1}', 'json/json'],
  ['{"a":1}', 'utf-8/json'],
  ['x', 'gzip'],
  [b64('x'), 'gzip/base64'],
  ['[1]', 'gzip/json'],
  [b64('x'), 'json/utf-8/cipher+aes-256-cbc/base64'],
  [bytes('ff'), 'cipher+aes-128-cbc'],
  [bytes('ff'), 'utf-8/vcdiff'],
  ['x', 'rot13/utf-8/unknown'],
];

const decode = [];
for (const [data, encoding] of received) {
  const r = await decodeData(data, encoding, {});
  decode.push({
    ...shown(data),
    encoding: encoding ?? undefined,
    result: { ...shown(r.data), encoding: r.encoding || undefined, code: r.error?.code },
  });
}

const published = ['text', '', bytes('00ff'), { a: 1 }, [1, 'x'], null];
const encode = [];
for (const data of published) {
  for (const encoding of [undefined, 'gzip']) {
    const r = encodeData(data, encoding);
    encode.push({ ...shown(data), encoding, result: { ...shown(r.data), encoding: r.encoding } });
  }
}

const lines = (list) => list.map((v) => '    ' + JSON.stringify(v)).join(',\n');
process.stdout.write(`{\n  "decode": [\n${lines(decode)}\n  ],\n  "encode": [\n${lines(encode)}\n  ]\n}\n`);
