// Connects some clients and writes a line whenever one is connected again.
// `cargo xtask bench reconnect` runs it, with NODE_PATH set to where ably-js is installed.
'use strict';

const Ably = require('ably');

const [host, port, key, countText] = process.argv.slice(2);
const count = Number(countText);
let connected = 0;

for (let i = 0; i < count; i += 1) {
  const client = new Ably.Realtime({
    key,
    endpoint: host,
    port: Number(port),
    tls: false,
    transports: ['web_socket'],
  });
  let first;
  client.connection.on('connected', () => {
    const id = client.connection.id;
    if (first === undefined) {
      first = id;
      connected += 1;
      if (connected === count) console.log('ready');
    } else {
      console.log(first === id ? 'resumed' : 'lost');
    }
  });
}
