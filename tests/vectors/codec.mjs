// Makes codec.json with ably-js 2.12.0: npm install ably@2.12.0 && node codec.mjs > codec.json
//
// `frames`: protocol messages of every action as ably-js itself writes them in both formats. Keys
// are in the order in which the Rust codecs write them, so that frames can be compared in bytes.
// `messages`: published messages with every kind of data, through ably-js's own encoder.
// `values`: numbers, strings and containers at the borders of MessagePack's widths.

import { createRequire } from 'node:module';
import { join } from 'node:path';

const Ably = createRequire(join(process.cwd(), 'x.js'))('ably');
const { _MsgPack: MsgPack, Message, PresenceMessage } = Ably.Rest;
const make = Ably.makeProtocolMessageFromDeserialized();
const hex = (value) => Buffer.from(MsgPack.encode(value, true)).toString('hex');

const error = { code: 40142, statusCode: 401, message: 'token expired' };
const protocolMessages = {
  heartbeat: { action: 0 },
  ping: { action: 0, id: 'aBcDeFgHiJ' },
  ack: { action: 1, msgSerial: 0, count: 1 },
  nack: { action: 2, msgSerial: 4294967296, count: 3, error },
  connect: { action: 3 },
  connected: {
    action: 4,
    connectionId: 'C1',
    connectionDetails: {
      connectionKey: 'K1',
      clientId: 'bob',
      maxMessageSize: 65536,
      maxFrameSize: 262144,
      maxInboundRate: 50,
      connectionStateTtl: 120000,
      maxIdleInterval: 15000,
      serverId: 'server-1',
      objectsGCGracePeriod: 86400000,
    },
  },
  disconnect: { action: 5 },
  disconnected: { action: 6, error },
  close: { action: 7 },
  closed: { action: 8 },
  error: { action: 9, channel: 'a', error },
  attach: { action: 10, channel: 'a', channelSerial: 'S0', flags: 32, params: { delta: 'vcdiff', rewind: '1' } },
  attached: { action: 11, channel: 'a', channelSerial: 'S0', flags: 983040 },
  detach: { action: 12, channel: 'a' },
  detached: { action: 13, channel: 'a', error },
  presence: { action: 14, channel: 'a', msgSerial: 1, presence: [{ action: 2, clientId: 'bob', data: 'hi' }] },
  publish: { action: 15, channel: 'a', msgSerial: 0, messages: [{ name: 'n', data: 'd', action: 0 }] },
  message: {
    action: 15,
    channel: 'chät:😀',
    id: 'C1:0',
    connectionId: 'C1',
    channelSerial: '01745828651671-000@e02QR5T7wAB-GM80918612:12',
    timestamp: 1700000000000,
    messages: [
      { name: 'n', data: 'd"\\\n\u0001\u007f\u2028é', serial: 's', action: 0 },
      {
        id: 'C1:0:1',
        data: 'x'.repeat(300),
        encoding: 'utf-8/cipher+aes-256-cbc/base64',
        clientId: 'c',
        connectionId: 'C2',
        timestamp: 1700000000001,
        extras: { headers: { a: 1, b: -1.5, c: [true, false], d: {} } },
        serial: 's2',
        version: 'v2',
        createdAt: 1700000000002,
        operation: { clientId: 'c', description: 'why', metadata: { k: 'v' } },
        summary: { 'reaction:distinct.v1': { '👍': { total: 2, clientIds: ['a', 'b'] } } },
        action: 4,
      },
    ],
  },
  sync: {
    action: 16,
    channel: 'a',
    channelSerial: 's1:cursor',
    presence: [
      { id: 'C1:1:0', action: 1, clientId: 'bob', connectionId: 'C1', timestamp: 1700000000001, data: 'hi' },
      { id: 'C2:1:0', action: 1, clientId: 'eve', connectionId: 'C2', timestamp: 1700000000002 },
    ],
  },
  auth: { action: 17, auth: { accessToken: 'aaaa.bbbb' } },
  activate: { action: 18 },
  object: {
    action: 19,
    channel: 'a',
    msgSerial: 3,
    state: [{ operation: { action: 1, objectId: 'root', mapOp: { key: 'k', data: { number: 1.5 } } } }],
  },
  objectSync: {
    action: 20,
    channel: 'a',
    channelSerial: 'o1:',
    state: [
      {
        object: {
          objectId: 'root',
          siteTimeserials: { site1: 't1' },
          tombstone: false,
          map: { semantics: 0, entries: {} },
        },
      },
    ],
  },
  annotation: {
    action: 21,
    channel: 'mutable:a',
    msgSerial: 2,
    annotations: [{ action: 0, type: 'r:distinct.v1', name: '👍', messageSerial: 's' }],
  },
  unknown: { action: 99, channel: 'a' },
};

// What ably-js itself makes of the object: only its own fields count.
const frames = Object.entries(protocolMessages).map(([name, pm]) => {
  const read = MsgPack.decode(MsgPack.encode(pm, true));
  const restored = make(JSON.parse(JSON.stringify(read)));
  for (const key of Object.keys(pm)) {
    if (!['presence', 'annotations', 'state', 'error', 'messages'].includes(key)) {
      if (JSON.stringify(restored[key]) !== JSON.stringify(pm[key])) throw new Error(`${name}.${key}`);
    }
  }
  return { name, json: JSON.stringify(pm), msgpack: hex(pm) };
});

const datas = {
  text: 'hello',
  empty: '',
  unicode: 'é😀\u2028"\\\n',
  bytes: Buffer.from('deadbeef', 'hex'),
  noBytes: Buffer.alloc(0),
  longBytes: Buffer.alloc(300, 0xa5),
  object: { foo: 42, bar: ['a', 1.2, { boo: 'ha' }] },
  list: [{ foo: 42 }, 'qux'],
  none: undefined,
};

const messages = [];
for (const [name, data] of Object.entries(datas)) {
  const kind =
    data === undefined ? 'none' : Buffer.isBuffer(data) ? 'bytes' : typeof data === 'string' ? 'text' : 'json';
  const value = kind === 'bytes' ? data.toString('hex') : kind === 'json' ? JSON.stringify(data) : (data ?? null);
  const wire = await Message.fromValues({ name, data }).encode({});
  const member = await PresenceMessage.fromValues({ clientId: 'bob', data, action: 'enter' }).encode({});
  messages.push({
    name,
    kind,
    value,
    json: JSON.stringify([wire]),
    msgpack: hex([wire]),
    presenceJson: JSON.stringify([member]),
    presenceMsgpack: hex([member]),
  });
}

const numbers = [
  0, 1, 127, 128, 255, 256, 65535, 65536, 4294967295, 4294967296, 1700000000000, 9007199254740991, -1, -32, -33, -128,
  -129, -32768, -32769, -2147483648, -2147483649, -9007199254740991, 1.5, -0.1, 1e-9, 123456.789,
];
const count = (n) => Array.from({ length: n }, (_, i) => i % 2 === 0);
const keys = (n) => Object.fromEntries(Array.from({ length: n }, (_, i) => ['k' + i, i]));
const values = [
  ...numbers,
  true,
  false,
  '',
  ...[1, 31, 32, 255, 256].map((n) => 'x'.repeat(n)),
  [],
  {},
  [[], {}, [null]],
  ...[15, 16].map(count),
  ...[15, 16, 17].map(keys),
].map((value) => ({ json: JSON.stringify(value), msgpack: hex(value) }));


const lines = (list) => list.map((v) => '    ' + JSON.stringify(v)).join(',\n');
process.stdout.write(
  `{\n  "frames": [\n${lines(frames)}\n  ],\n  "messages": [\n${lines(messages)}\n  ],\n  "values": [\n${lines(values)}\n  ]\n}\n`,
);
