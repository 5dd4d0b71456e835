// Receives a flood of messages with ably-js and tells what it cost.
// `cargo xtask bench receive` runs it, with NODE_PATH set to where ably-js is installed.
'use strict';

const Ably = require('ably');

const [url, format, channelName, countText] = process.argv.slice(2);
const count = Number(countText);
const { hostname, port } = new URL(url);

const client = new Ably.Realtime({
  key: 'a.b:c',
  endpoint: hostname,
  port: Number(port),
  tls: false,
  useBinaryProtocol: format === 'msgpack',
  transports: ['web_socket'],
});

client.connection.on('failed', (change) => {
  console.error(String(change.reason));
  process.exit(1);
});

client.connection.once('connected', () => {
  let received = 0;
  let bytes = 0;
  const start = process.cpuUsage();
  client.channels.get(channelName).subscribe((message) => {
    bytes += message.data.length;
    received += 1;
    if (received < count) return;
    const used = process.cpuUsage(start);
    if (bytes !== count * 100) {
      console.error(`received ${bytes} bytes of text`);
      process.exit(1);
    }
    const cpuNs = (used.user + used.system) * 1000;
    console.log(JSON.stringify({ messages: received, cpu_ns: cpuNs }));
    client.close();
    process.exit(0);
  });
});
