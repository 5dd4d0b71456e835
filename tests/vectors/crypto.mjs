// Makes crypto.json with ably-js 2.12.0:
// npm install ably@2.12.0 && node crypto.mjs > crypto.json
//
// `params`: what getDefaultParams makes of keys. `encrypt`: what is sent for data, with a fixed IV.
// `decrypt`: what becomes of received data on a channel with a cipher.

import { createRequire } from 'node:module';
import { join } from 'node:path';

const Ably = createRequire(join(process.cwd(), 'x.js'))('ably');
const { decodeData, encodeData, encryptData } = Ably.Realtime._MessageEncoding;
const { Crypto } = Ably.Realtime;

const key = (n) => Buffer.from(Array.from({ length: n }, (_, i) => (i * 37 + 11) & 255));
const iv = Buffer.from('000102030405060708090a0b0c0d0e0f', 'hex');
const logger = { logAction: () => {}, shouldLog: () => false };

const shown = (data) => {
  if (Buffer.isBuffer(data)) return { kind: 'bytes', value: data.toString('hex') };
  if (typeof data === 'string') return { kind: 'text', value: data };
  return { kind: 'json', value: JSON.stringify(data) };
};
const channel = (key) => {
  const { cipherParams, cipher } = Crypto.getCipher({ key, iv: Buffer.from(iv) }, logger);
  return { cipher: cipherParams, channelCipher: cipher };
};

const params = [];
for (const p of [
  { key: key(16).toString('base64') },
  { key: key(32).toString('base64') },
  { key: key(32).toString('base64url') },
  { key: key(32).toString('base64').replace(/=/g, '') },
  { key: Buffer.alloc(16, 255).toString('base64') },
  { key: Buffer.alloc(32, 251).toString('base64url') },
  { key: key(16).toString('base64'), keyLength: 128, algorithm: 'aes', mode: 'cbc' },
  { key: key(16).toString('base64'), keyLength: 256 },
  { key: key(24).toString('base64') },
  { key: key(15).toString('base64') },
  { key: key(33).toString('base64') },
  { key: '' },
]) {
  try {
    const r = Crypto.getDefaultParams(p);
    params.push({ ...p, result: { algorithm: r.algorithm, mode: r.mode, keyLength: r.keyLength, key: r.key.toString('hex') } });
  } catch {
    params.push({ ...p, result: null });
  }
}

const texts = ['', 'x', 'héllo wörld', 'x'.repeat(15), 'x'.repeat(16), 'x'.repeat(17), 'y'.repeat(1000)];
const blobs = [0, 1, 15, 16, 17, 32, 255].map((n) => Buffer.alloc(n, n));
const encrypt = [];
for (const bits of [128, 256]) {
  for (const data of [...texts, ...blobs, { a: [1, 'é', null] }, [], {}]) {
    for (const encoding of [undefined, 'gzip']) {
      const plain = encodeData(data, encoding);
      const sent = await encryptData(plain.data, plain.encoding, channel(key(bits / 8)));
      encrypt.push({ bits, ...shown(data), encoding, result: { data: sent.data.toString('hex'), encoding: sent.encoding } });
    }
  }
}

const secret = async (data, bits) => (await encryptData(data, undefined, channel(key(bits / 8)))).data;
const long = await secret('attack at dawn, attack at dusk', 256);
const decrypt = [];
for (const [bits, data, encoding] of [
  [256, long.toString('base64'), 'utf-8/cipher+aes-256-cbc/base64'],
  [256, long, 'utf-8/cipher+aes-256-cbc'],
  [256, long, 'cipher+aes-256-cbc'],
  [256, await secret('{"a":1}', 256), 'json/utf-8/cipher+aes-256-cbc'],
  [128, await secret('{"a":1}', 128), 'json/utf-8/cipher+aes-128-cbc'],
  [256, await secret('not json', 256), 'json/utf-8/cipher+aes-256-cbc'],
  [256, await secret(Buffer.from('ff', 'hex'), 256), 'gzip/cipher+aes-256-cbc'],
  [128, long, 'utf-8/cipher+aes-256-cbc'],
  [256, await secret('x', 128), 'utf-8/cipher+aes-128-cbc'],
  [256, long, 'utf-8/cipher+aes-256-ctr'],
  [256, long, 'utf-8/cipher'],
  [256, long.subarray(0, 15), 'utf-8/cipher+aes-256-cbc'],
  [256, long.subarray(0, 16), 'utf-8/cipher+aes-256-cbc'],
  [256, long.subarray(0, 40), 'utf-8/cipher+aes-256-cbc'],
  [256, long.subarray(0, 32), 'utf-8/cipher+aes-256-cbc'],
  [256, Buffer.alloc(0), 'utf-8/cipher+aes-256-cbc'],
  [256, Buffer.concat([long.subarray(0, 47), Buffer.from([7])]), 'utf-8/cipher+aes-256-cbc'],
  [256, 'in the clear', undefined],
  [256, Buffer.from('in the clear'), 'utf-8'],
]) {
  const r = await decodeData(data, encoding, { channelOptions: channel(key(bits / 8)), plugins: {} });
  // ably-js lets codes of Node's crypto through, which are strings.
  const code = r.error && (typeof r.error.code === 'number' ? r.error.code : 40013);
  decrypt.push({ bits, ...shown(data), encoding, result: { ...shown(r.data), encoding: r.encoding || undefined, code } });
}

const lines = (list) => list.map((v) => '    ' + JSON.stringify(v)).join(',\n');
const keys = `  "keys": {"128": "${key(16).toString('hex')}", "256": "${key(32).toString('hex')}"},\n  "iv": "${iv.toString('hex')}"`;
process.stdout.write(
  `{\n${keys},\n  "params": [\n${lines(params)}\n  ],\n  "encrypt": [\n${lines(encrypt)}\n  ],\n  "decrypt": [\n${lines(decrypt)}\n  ]\n}\n`,
);
