'use strict';
// A peer on vscode-jsonrpc for the tests of PluginHost.Rpc: it answers calls, and on request ("run") makes calls itself and says what came of them.
// Usage: node peer.js [garbage], JSON-RPC with header framing on standard input and output.
const rpc = require('vscode-jsonrpc/node');

if (process.argv[2] === 'garbage') {
  process.stdout.write('Debugger listening on a port\n');
}

const connection = rpc.createMessageConnection(
  new rpc.StreamMessageReader(process.stdin), new rpc.StreamMessageWriter(process.stdout), { error: text => process.stderr.write(`${text}\n`), warn() {}, info() {}, log() {} });
const told = [];
const cancelled = [];
const released = [];
const aborted = [];

// Calls to this side.
connection.onRequest('add', (a, b) => a + b);
connection.onRequest(new rpc.RequestType('addNamed', rpc.ParameterStructures.byName), ({ a, b }) => a + b);
connection.onRequest('echo', value => value);
connection.onRequest('nothing', () => undefined);
connection.onRequest('wait', (key, token) => new Promise((resolve, reject) => token.onCancellationRequested(() => {
  cancelled.push(key);
  reject(new rpc.ResponseError(-32800, 'Request cancelled'));
})));
connection.onRequest('cancelled', () => cancelled);
connection.onRequest('throwError', () => { throw new Error('boom'); });
connection.onRequest('throwResponseError', () => { throw new rpc.ResponseError(-32050, 'custom', { a: 1 }); });
connection.onRequest('die', () => process.exit(3));
connection.onRequest('later', (value, milliseconds) => new Promise(resolve => setTimeout(() => resolve(value), milliseconds)));
connection.onNotification('tell', value => told.push(value));
connection.onRequest('told', () => told);

// Progress of this side's work: by name, as vscode-jsonrpc reports, and by position, as StreamJsonRpc does.
let positional = false;
connection.onRequest('reportByPosition', () => { positional = true; });
connection.onRequest('Lending.Work', async token => {
  for (let i = 0; i < 3; i++) {
    if (positional) {
      await connection.sendNotification('$/progress', rpc.ParameterStructures.byPosition, token, i * 10);
    } else {
      await connection.sendProgress(new rpc.ProgressType(), token, i * 10);
    }
  }
  return 3;
});

// Sequences of this side: 1, 2, 3 and on, two at a time. Of 0 items it is complete at once, of 4 it begins with some, of -1 it breaks.
const sequences = new Map();
let lastToken = 0;
connection.onRequest('Lending.Items', count => {
  if (count === 0) {
    return { values: [] };
  }
  const token = ++lastToken;
  sequences.set(token, { next: count === 4 ? 3 : 1, count });
  return count === 4 ? { token, values: [1, 2] } : { token };
});
connection.onRequest('$/enumerator/next', token => {
  const sequence = sequences.get(token);
  if (!sequence) {
    throw new rpc.ResponseError(-32001, 'This remote object no longer exists.');
  }
  if (sequence.count < 0) {
    sequences.delete(token);
    throw new rpc.ResponseError(-32050, 'The sequence broke.');
  }
  const values = [];
  while (values.length < 2 && sequence.next <= sequence.count) {
    values.push(sequence.next++);
  }
  const finished = sequence.next > sequence.count;
  if (finished) {
    sequences.delete(token);
  }
  return { values, finished };
});
connection.onNotification('$/enumerator/abort', token => {
  sequences.delete(token);
  aborted.push(token);
});
connection.onRequest('aborted', () => aborted);

// A sequence of the caller's, in an argument.
const next = token => connection.sendRequest('$/enumerator/next', rpc.ParameterStructures.byPosition, token);
const all = async sequence => {
  const values = [...(sequence.values ?? [])];
  for (let finished = sequence.token === undefined; !finished;) {
    const batch = await next(sequence.token);
    values.push(...batch.values);
    finished = batch.finished;
  }
  return values;
};
connection.onRequest('Lending.Sum', async sequence => (await all(sequence)).reduce((a, b) => a + b, 0));

// An object of this side, and one of the caller's.
let counter = 0;
let disposed = 0;
const add = by => (counter += by);
connection.onRequest('Lending.Open', value => {
  counter = value;
  return { __jsonrpc_marshaled: 1, handle: 7 };
});
connection.onRequest('$/invokeProxy/7/Add', add);
connection.onRequest('$/invokeProxy/7/AddAsync', add);
connection.onNotification('$/invokeProxy/7/Dispose', () => { disposed++; });
connection.onNotification('$/invokeProxy/7/dispose', () => { disposed++; });
connection.onNotification('$/releaseMarshaledObject', params => released.push(params));
connection.onRequest('released', () => ({ disposed, released }));
let held;
const addToHeld = by => connection.sendRequest(`$/invokeProxy/${held.handle}/Add`, rpc.ParameterStructures.byPosition, by);
connection.onRequest('Lending.Visit', object => {
  held = object;
  return object.__jsonrpc_marshaled === 0 ? -object.handle : addToHeld(1);
});

// Calls of this side; what comes of them is the answer.
const settle = promise => promise.then(value => ({ value }), error => ({ code: error.code, message: error.message }));
const scenarios = {
  position: () => settle(connection.sendRequest('Probe.Add', 3, 4)),
  name: () => settle(connection.sendRequest('Probe.Add', rpc.ParameterStructures.byName, { a: 3, b: 4 })),
  noArguments: () => settle(connection.sendRequest('Probe.Add')),
  async pipelined() {
    return Promise.all([1, 2, 3].map(i => settle(connection.sendRequest('Probe.Add', i, 10))));
  },
  async cancel() {
    const source = new rpc.CancellationTokenSource();
    const call = settle(connection.sendRequest('Probe.Wait', 1, source.token));
    await connection.sendRequest('Probe.Add', 1, 1);
    source.cancel();
    return call;
  },
  preCancelled() {
    const source = new rpc.CancellationTokenSource();
    source.cancel();
    return settle(connection.sendRequest('Probe.Wait', 2, source.token));
  },
  unknown: () => settle(connection.sendRequest('Probe.Nope', 1)),
  badArguments: () => settle(connection.sendRequest('Probe.Add', 'x', 'y')),
  fails: () => settle(connection.sendRequest('Probe.Fail', 'undeclared')),
  declared: () => settle(connection.sendRequest('Probe.Fail', 'declared')),
  async notifications() {
    for (let i = 0; i < 10000; i++) {
      await connection.sendNotification('Probe.Tell', i);
    }
    await connection.sendNotification('Probe.Unknown', 1);
    return settle(connection.sendRequest('Probe.Add', 1, 1));
  },
  async large() {
    const text = 'é😀x'.repeat(200000);
    const { value } = await settle(connection.sendRequest('Probe.Echo', text));
    return { value: value === text };
  },
  async progress() {
    const reports = [];
    const listening = connection.onProgress(new rpc.ProgressType(), 'mine', value => reports.push(value));
    const answer = await settle(connection.sendRequest('Lending.Work', 'mine'));
    listening.dispose();
    return { ...answer, reports };
  },
  noProgress: () => settle(connection.sendRequest('Lending.Work', null)),
  async sequence() {
    const sequence = await connection.sendRequest('Lending.Items', 25);
    const values = await all(sequence);
    return { sum: values.reduce((a, b) => a + b, 0), dead: (await settle(next(sequence.token ?? 999))).code };
  },
  async abort() {
    const sequence = await connection.sendRequest('Lending.Items', 1000000);
    await next(sequence.token);
    await connection.sendNotification('$/enumerator/abort', rpc.ParameterStructures.byPosition, sequence.token);
    return { dead: (await settle(next(sequence.token))).code };
  },
  async object() {
    held = await connection.sendRequest('Lending.Open', 10);
    const answers = [await settle(addToHeld(5)), await settle(addToHeld(5)), await settle(addToHeld(13))];
    const mine = await settle(connection.sendRequest('Lending.Visit', rpc.ParameterStructures.byPosition, { __jsonrpc_marshaled: 0, handle: held.handle }));
    await connection.sendNotification('$/releaseMarshaledObject', rpc.ParameterStructures.byName, { handle: held.handle, ownedBySender: false });
    return { kind: held.__jsonrpc_marshaled, values: answers.map(a => a.value ?? a.code), mine: mine.value, dead: (await settle(addToHeld(1))).code };
  },
  // What this side was given in an argument, after that call has ended.
  held: () => settle(addToHeld(1)),
  give: () => settle(connection.sendRequest('Lending.Visit', rpc.ParameterStructures.byPosition, { __jsonrpc_marshaled: 1, handle: 7, lifetime: 'call' })),
  lend: () => {
    sequences.set(99, { next: 1, count: 5 });
    return settle(connection.sendRequest('Lending.Sum', rpc.ParameterStructures.byPosition, { token: 99 }));
  },
};
connection.onRequest('run', async name => JSON.stringify(await scenarios[name]()));
connection.onClose(() => process.exit(0));
connection.listen();
