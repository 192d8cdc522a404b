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
const progress = [];
let released = [];
let aborted = [];

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
connection.onRequest('work', async (steps, token, isPositional) => {
  for (let i = 0; i < steps; i++) {
    if (isPositional) {
      await connection.sendNotification('$/progress', token, i * 10);
    } else {
      await connection.sendProgress(new rpc.ProgressType(), token, i * 10);
    }
  }
  return steps;
});

// A sequence of this side: 0, 1, 2 and on, two at a time.
const sequences = new Map();
connection.onRequest('count', (count, prefetched) => {
  const values = [];
  for (let i = 0; i < Math.min(count, prefetched); i++) {
    values.push(i);
  }
  if (prefetched > count) {
    return { values };
  }
  const token = sequences.size + 1;
  sequences.set(token, { next: values.length, count });
  return prefetched > 0 ? { token, values } : { token };
});
connection.onRequest('$/enumerator/next', token => {
  const sequence = sequences.get(token);
  if (!sequence) {
    throw new rpc.ResponseError(-32001, 'This remote object no longer exists.');
  }
  if (sequence.count < 0) {
    sequences.delete(token);
    throw new rpc.ResponseError(-32000, 'The sequence broke.');
  }
  const values = [];
  while (values.length < 2 && sequence.next < sequence.count) {
    values.push(sequence.next++);
  }
  const finished = sequence.next === sequence.count;
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
connection.onRequest('sum', async sequence => {
  let sum = (sequence.values ?? []).reduce((a, b) => a + b, 0);
  for (let finished = sequence.token === undefined; !finished;) {
    const batch = await connection.sendRequest('$/enumerator/next', rpc.ParameterStructures.byPosition, sequence.token);
    sum += batch.values.reduce((a, b) => a + b, 0);
    finished = batch.finished;
  }
  return sum;
});

// An object of this side, and one of the caller's.
let counter = 0;
connection.onRequest('getCounter', () => ({ __jsonrpc_marshaled: 1, handle: 7 }));
connection.onRequest('isMine', value => value.__jsonrpc_marshaled === 0 && value.handle === 7);
connection.onRequest('$/invokeProxy/7/Increment', by => (counter += by));
connection.onRequest('$/invokeProxy/7/IncrementAsync', by => (counter += by));
connection.onNotification('$/releaseMarshaledObject', params => released.push(params));
connection.onRequest('released', () => released);
connection.onRequest('useCallback', (object, method) => connection.sendRequest(`$/invokeProxy/${object.handle}/${method}`, rpc.ParameterStructures.byPosition, 21));

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
    const text = 'é😀'.repeat(200000);
    const { value } = await settle(connection.sendRequest('Probe.Echo', text));
    return { value: value === text };
  },
  async progress() {
    const reports = [];
    const listening = connection.onProgress(new rpc.ProgressType(), 'mine', value => reports.push(value));
    const answer = await settle(connection.sendRequest('Interop.Work', 3, 'mine'));
    listening.dispose();
    return { ...answer, reports };
  },
  async sequence() {
    const sequence = await connection.sendRequest('Interop.Count', 5);
    const values = [...(sequence.values ?? [])];
    for (let finished = sequence.token === undefined; !finished;) {
      const batch = await connection.sendRequest('$/enumerator/next', rpc.ParameterStructures.byPosition, sequence.token);
      values.push(...batch.values);
      finished = batch.finished;
    }
    const dead = await settle(connection.sendRequest('$/enumerator/next', rpc.ParameterStructures.byPosition, sequence.token ?? 999));
    return { values, dead: dead.code };
  },
  async object() {
    const object = await connection.sendRequest('Interop.GetCounter');
    const call = name => settle(connection.sendRequest(`$/invokeProxy/${object.handle}/${name}`, rpc.ParameterStructures.byPosition, 5));
    const values = [await call('Increment'), await call('Increment')];
    await connection.sendNotification('$/releaseMarshaledObject', rpc.ParameterStructures.byName, { handle: object.handle, ownedBySender: false });
    return { kind: object.__jsonrpc_marshaled, values, dead: (await call('Increment')).code };
  },
};
connection.onRequest('run', async name => JSON.stringify(await scenarios[name]()));
connection.onClose(() => process.exit(0));
connection.listen();
