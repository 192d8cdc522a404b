'use strict';
// What other ways to call a child process cost here, measured by themselves: both ends are Node.
// Usage: node bench.js vscode|ipc, prints {"p50": microseconds, "rate": calls a second}. "child" as a second argument is the other end.
const { fork, spawn } = require('node:child_process');
const rpc = require('vscode-jsonrpc/node');

const [, , kind, isChild] = process.argv;
const SECONDS = 1;
const IN_FLIGHT = 64;
const connect = (input, output) => rpc.createMessageConnection(new rpc.StreamMessageReader(input), new rpc.StreamMessageWriter(output));

if (isChild && kind === 'vscode') {
  const connection = connect(process.stdin, process.stdout);
  connection.onRequest('add', (a, b) => a + b);
  connection.onClose(() => process.exit(0));
  connection.listen();
} else if (isChild) {
  process.on('message', ({ id, a, b }) => process.send({ id, result: a + b }));
} else {
  measure(kind === 'vscode' ? overStdio() : overIpc());
}

function overStdio() {
  const child = spawn(process.execPath, [__filename, 'vscode', 'child'], { stdio: ['pipe', 'pipe', 'inherit'] });
  const connection = connect(child.stdout, child.stdin);
  connection.listen();
  return { add: (a, b) => connection.sendRequest('add', a, b), stop: () => child.kill() };
}

function overIpc() {
  const child = fork(__filename, ['ipc', 'child']);
  const pending = new Map();
  let last = 0;
  child.on('message', ({ id, result }) => {
    pending.get(id)(result);
    pending.delete(id);
  });
  return {
    add: (a, b) => new Promise(resolve => {
      pending.set(++last, resolve);
      child.send({ id: last, a, b });
    }),
    stop: () => child.kill(),
  };
}

async function measure({ add, stop }) {
  const until = seconds => process.hrtime.bigint() + BigInt(seconds * 1e9);
  for (const end = until(SECONDS / 2); process.hrtime.bigint() < end;) {
    await add(1, 2);
  }
  const times = [];
  for (const end = until(SECONDS); process.hrtime.bigint() < end;) {
    const started = process.hrtime.bigint();
    if (await add(1, 2) !== 3) {
      throw new Error('a wrong answer');
    }
    times.push(Number(process.hrtime.bigint() - started) / 1000);
  }
  let calls = 0;
  const started = process.hrtime.bigint();
  const end = until(SECONDS);
  await Promise.all(Array.from({ length: IN_FLIGHT }, async () => {
    while (process.hrtime.bigint() < end) {
      await add(1, 2);
      calls++;
    }
  }));
  const rate = calls / (Number(process.hrtime.bigint() - started) / 1e9);
  times.sort((a, b) => a - b);
  console.log(JSON.stringify({ p50: times[times.length >> 1], rate }));
  stop();
}
