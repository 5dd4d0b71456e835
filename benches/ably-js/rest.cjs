// Publishes and reads history with ably-js and tells what it cost.
// `cargo xtask bench rest` runs it, with NODE_PATH set to where ably-js is installed.
'use strict';

const Ably = require('ably');

const [host, port, key, format, name, publishesText, pagesText] = process.argv.slice(2);
const publishes = Number(publishesText);
const pages = Number(pagesText);

const spent = (start) => {
  const used = process.cpuUsage(start);
  return (used.user + used.system) * 1000;
};

const run = async () => {
  const client = new Ably.Rest({
    key,
    useTokenAuth: true,
    endpoint: host,
    port: Number(port),
    tls: false,
    useBinaryProtocol: format === 'msgpack',
  });
  const text = 'x'.repeat(100);

  // Gets the token, and fills the page that is read below.
  const history = client.channels.get(`${name}-history`);
  for (let i = 0; i < 100; i += 1) await history.publish('event', text);

  const channel = client.channels.get(`${name}-publish`);
  let start = process.cpuUsage();
  for (let i = 0; i < publishes; i += 1) await channel.publish('event', text);
  const publishNs = spent(start);

  start = process.cpuUsage();
  let bytes = 0;
  for (let i = 0; i < pages; i += 1) {
    const page = await history.history({ limit: 100 });
    for (const message of page.items) bytes += message.data.length;
  }
  const historyNs = spent(start);
  if (bytes !== pages * 100 * 100) throw new Error(`read ${bytes} bytes of text`);
  console.log(JSON.stringify({ publish_ns: publishNs, history_ns: historyNs }));
};

run().then(
  () => process.exit(0),
  (error) => {
    console.error(String(error));
    process.exit(1);
  },
);
