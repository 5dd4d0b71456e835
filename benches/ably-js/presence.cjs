// Follows the members of a channel with ably-js and tells what it cost.
// `cargo xtask bench presence` runs it, with NODE_PATH set to where ably-js is installed.
'use strict';

const Ably = require('ably');

const [host, port, key, format, countText] = process.argv.slice(2);
const count = Number(countText);

// What is reachable, after a full collection.
const heap = () => {
  for (let i = 0; i < 3; i += 1) global.gc();
  const used = process.memoryUsage();
  return used.heapUsed + used.external;
};

const run = async () => {
  const client = new Ably.Realtime({
    key,
    endpoint: host,
    port: Number(port),
    tls: false,
    useBinaryProtocol: format === 'msgpack',
    transports: ['web_socket'],
  });
  await client.connection.once('connected');
  const channel = client.channels.get('crowd');
  const before = heap();
  const resident = process.memoryUsage().rss;
  const start = process.cpuUsage();
  let members = await channel.presence.get();
  const used = process.cpuUsage(start);
  const bytes = members.reduce((sum, member) => sum + member.data.length, 0);
  if (members.length !== count || bytes !== count * 50) {
    throw new Error(`${members.length} members with ${bytes} bytes`);
  }
  members = undefined;
  const held = heap() - before;
  const top = process.resourceUsage().maxRSS * 1024 - resident;
  const cpuNs = (used.user + used.system) * 1000;
  console.log(JSON.stringify({ cpu_ns: cpuNs, held, resident: top }));
};

run().then(
  () => process.exit(0),
  (error) => {
    console.error(String(error));
    process.exit(1);
  },
);
