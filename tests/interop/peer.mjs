// The official ably-js client, driven line by line: a JSON request on stdin, a JSON answer or event
// on stdout. Ends when stdin ends.
import Ably from 'ably';
import * as vcdiff from '@ably/vcdiff-decoder';
import readline from 'node:readline';

const clients = new Map();
const out = (value) => process.stdout.write(JSON.stringify(value) + '\n');

const encode = (data) => {
  if (data === undefined || data === null) return { type: 'none' };
  if (typeof data === 'string') return { type: 'text', value: data };
  if (Buffer.isBuffer(data) || data instanceof ArrayBuffer || ArrayBuffer.isView(data)) {
    return { type: 'bytes', value: Buffer.from(data).toString('base64') };
  }
  return { type: 'json', value: data };
};

const decode = (data) => {
  switch (data?.type) {
    case 'text': return data.value;
    case 'json': return data.value;
    case 'bytes': return Buffer.from(data.value, 'base64');
    default: return undefined;
  }
};

const errorOf = (e) => ({ code: e?.code ?? 0, statusCode: e?.statusCode ?? 0, message: String(e?.message ?? e) });

const channelOf = (r) => {
  const options = {};
  if (r.cipherKey) options.cipher = { key: r.cipherKey };
  if (r.params) options.params = r.params;
  if (r.modes) options.modes = r.modes;
  const { channels } = clients.get(r.client);
  const some = Object.keys(options).length ? options : undefined;
  if (r.filter) return channels.getDerived(r.channel, { filter: r.filter }, some);
  return channels.get(r.channel, some);
};

const message = (m) => ({
  id: m.id, name: m.name ?? null, data: encode(m.data), encoding: m.encoding ?? null,
  clientId: m.clientId ?? null, extras: m.extras ?? null, timestamp: m.timestamp, action: m.action,
  serial: m.serial ?? null, summary: m.annotations?.summary ?? m.summary ?? null,
});

const member = (m) => ({
  action: m.action, clientId: m.clientId, connectionId: m.connectionId, data: encode(m.data),
  encoding: m.encoding ?? null,
});

// All pages, one after the other.
const pagesOf = async (first, read) => {
  const pages = [];
  for (let page = first; page; page = page.hasNext() ? await page.next() : null) pages.push(page.items.map(read));
  return pages;
};

const annotation = (a) => ({
  action: a.action, type: a.type, name: a.name ?? null, count: a.count ?? null, data: encode(a.data),
  clientId: a.clientId ?? null, messageSerial: a.messageSerial, serial: a.serial,
});

const built = (m) => ({ ...m, ...('data' in m ? { data: decode(m.data) } : {}) });

// What each channel of a batch came to; errors as everywhere else.
const batch = (result) => ({
  successCount: result.successCount, failureCount: result.failureCount,
  results: result.results.map((r) => (r.error ? { ...r, error: errorOf(r.error) } : r)),
});

const ops = {
  async new(r) {
    const client = new Ably.Realtime({
      endpoint: r.host, port: r.port, tls: false, useBinaryProtocol: r.binary, autoConnect: false,
      connectivityCheckUrl: `${r.host}:${r.port}/is-the-internet-up.txt`, logLevel: 0,
      disconnectedRetryTimeout: 500, plugins: { vcdiff: vcdiff.default ?? vcdiff }, ...r.options,
    });
    clients.set(r.client, client);
    client.connection.on((change) => out({
      event: 'connection', client: r.client, state: change.current,
      error: change.reason ? errorOf(change.reason) : null,
    }));
    client.connect();
  },
  async connected(r) {
    await clients.get(r.client).connection.whenState('connected');
    return clients.get(r.client).connection.id;
  },
  async ping(r) { return clients.get(r.client).connection.ping(); },
  async transport(r) {
    const { transport } = clients.get(r.client).connection.connectionManager.activeProtocol;
    return { name: transport.shortName, stream: transport.stream ?? null };
  },
  async recoveryKey(r) { return clients.get(r.client).connection.createRecoveryKey(); },
  async name(r) { return channelOf(r).name; },
  async attach(r) { await channelOf(r).attach(); },
  async detach(r) { await channelOf(r).detach(); },
  async subscribe(r) {
    await channelOf(r).subscribe((m) => out({
      event: 'message', client: r.client, channel: r.channel, message: message(m),
    }));
  },
  async publish(r) {
    await channelOf(r).publish(r.messages.map((m) => {
      const built = { ...m };
      if ('data' in m) built.data = decode(m.data);
      return built;
    }));
  },
  async burst(r) {
    const channel = channelOf(r);
    const all = [];
    for (let i = 0; i < r.count; i += 1) {
      all.push(channel.publish('burst', `${r.prefix}${i}`));
      if (i % 50 === 49) await new Promise((go) => setTimeout(go, r.pause ?? 0));
    }
    await Promise.all(all);
  },
  async enter(r) { await channelOf(r).presence.enter(decode(r.data)); },
  async update(r) { await channelOf(r).presence.update(decode(r.data)); },
  async leave(r) { await channelOf(r).presence.leave(decode(r.data)); },
  async enterClient(r) { await channelOf(r).presence.enterClient(r.clientId, decode(r.data)); },
  async updateClient(r) { await channelOf(r).presence.updateClient(r.clientId, decode(r.data)); },
  async leaveClient(r) { await channelOf(r).presence.leaveClient(r.clientId, decode(r.data)); },
  async enterAll(r) {
    await Promise.all(r.clientIds.map((id) => channelOf(r).presence.enterClient(id, `data of ${id}`)));
  },
  async leaveAll(r) { await Promise.all(r.clientIds.map((id) => channelOf(r).presence.leaveClient(id))); },
  async members(r) { return (await channelOf(r).presence.get(r.query)).map(member); },
  async watchPresence(r) {
    const listener = (m) => out({
      event: 'presence', client: r.client, channel: r.channel, as: r.as ?? null, member: member(m),
    });
    await (r.actions ? channelOf(r).presence.subscribe(r.actions, listener) : channelOf(r).presence.subscribe(listener));
  },
  // As pages of members and of messages.
  async presenceHistory(r) { return pagesOf(await channelOf(r).presence.history(r.query), member); },
  async historyPages(r) { return pagesOf(await channelOf(r).history(r.query), message); },
  async history(r) {
    const items = [];
    let page = await channelOf(r).history({ limit: r.limit ?? 100, direction: 'forwards' });
    let pages = 0;
    while (page) {
      pages += 1;
      items.push(...page.items.map(message));
      page = page.hasNext() ? await page.next() : null;
    }
    return { pages, items };
  },
  async push(r) {
    // As `push.admin[of][method](...args)`, for example deviceRegistrations.get.
    const { admin } = clients.get(r.client).push;
    const result = await (r.of ? admin[r.of] : admin)[r.method](...r.args);
    return result?.items ?? result;
  },
  async stats(r) { return (await clients.get(r.client).stats(r.params)).items; },
  async newWithAnswers(r) {
    // A client whose authCallback answers with these in turn.
    const answers = [...r.answers];
    await ops.new({ ...r, options: { ...r.options, authCallback: (_, done) => {
      if (answers.length) done(null, answers.shift());
      else done('there are no more answers', null);
    } } });
  },
  async createTokenRequest(r) {
    return clients.get(r.client).auth.createTokenRequest(r.params ?? null, r.options ?? null);
  },
  async requestToken(r) {
    return clients.get(r.client).auth.requestToken(r.params ?? null, r.options ?? null);
  },
  async authorize(r) {
    const { auth } = clients.get(r.client);
    const details = await auth.authorize(r.params ?? null, null);
    return { details, clientId: auth.clientId ?? null };
  },
  async newRest(r) {
    clients.set(r.client, new Ably.Rest({
      endpoint: r.host, port: r.port, tls: false, useBinaryProtocol: r.binary, logLevel: 0, ...r.options,
    }));
  },
  async batchPublish(r) {
    const specs = r.specs.map((spec) => ({ ...spec, messages: spec.messages.map(built) }));
    return (await clients.get(r.client).batchPublish(specs)).map(batch);
  },
  async batchPresence(r) { return batch(await clients.get(r.client).batchPresence(r.channels)); },
  async status(r) { return channelOf(r).status(); },
  async request(r) {
    const answer = await clients.get(r.client).request(r.method, r.path, 3, r.params ?? {}, r.body, r.headers ?? {});
    const { items, statusCode, success, errorCode, errorMessage } = answer;
    return { items, statusCode, success, errorCode: errorCode ?? null, errorMessage: errorMessage ?? null };
  },
  async annotate(r) { await channelOf(r).annotations.publish(r.serial, built(r.annotation)); },
  async takeBack(r) { await channelOf(r).annotations.delete(r.serial, built(r.annotation)); },
  async annotations(r) {
    const items = [];
    let page = await channelOf(r).annotations.get(r.serial, { limit: r.limit ?? 100 });
    while (page) {
      items.push(...page.items.map(annotation));
      page = page.hasNext() ? await page.next() : null;
    }
    return items;
  },
  async watchAnnotations(r) {
    await channelOf(r).annotations.subscribe((a) => out({
      event: 'annotation', client: r.client, channel: r.channel, annotation: annotation(a),
    }));
  },
  async recoveryKey(r) { return clients.get(r.client).connection.createRecoveryKey(); },
  async undelta(r) {
    const bytes = (text) => Buffer.from(text, 'base64');
    const { decode } = vcdiff.default ?? vcdiff;
    return r.pairs.map(([delta, base]) => Buffer.from(decode(bytes(delta), bytes(base))).toString('base64'));
  },
  async forgetLastMessage(r) {
    // As if the message before had been missed.
    channelOf(r)._lastPayload.messageId = null;
  },
  async watchChannel(r) {
    channelOf(r).on((change) => out({
      event: 'channel', client: r.client, state: change.current, error: change.reason ? errorOf(change.reason) : null,
    }));
  },
  async cut(r) {
    // As a network does it: the socket dies, nobody says goodbye.
    clients.get(r.client).connection.connectionManager.activeProtocol.transport.wsConnection._socket.destroy();
  },
  async close(r) {
    const client = clients.get(r.client);
    client.close();
    await client.connection.whenState('closed');
    clients.delete(r.client);
  },
};

readline.createInterface({ input: process.stdin }).on('line', async (line) => {
  const r = JSON.parse(line);
  try {
    out({ id: r.id, value: (await ops[r.op](r)) ?? null });
  } catch (e) {
    out({ id: r.id, error: errorOf(e) });
  }
}).on('close', () => process.exit(0));
