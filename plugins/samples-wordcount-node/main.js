'use strict';
// A plugin of PluginHost in JavaScript, on npm's vscode-jsonrpc. docs/other-languages.md says what the host expects.
const net = require('node:net');
const rpc = require('vscode-jsonrpc/node');

// Standard output belongs to the messages: what is printed goes to standard error, which the host logs.
console.log = console.info = console.debug = console.error;

// With "channel": "descriptor" in plugin.json the host names a socket; else it speaks on standard input and output.
const socket = process.env.PLUGINHOST_FD ? new net.Socket({ fd: Number(process.env.PLUGINHOST_FD) }) : undefined;
const connection = rpc.createMessageConnection(
  new rpc.StreamMessageReader(socket ?? process.stdin),
  new rpc.StreamMessageWriter(socket ?? process.stdout));

let started = 0;
let stopped = 0;

// The first request: which plugin this is, its settings and its data folder. Any result will do; an error ends the start.
connection.onRequest('$/pluginhost/load', start => {
  console.error(`${start.pluginId} ${start.version} runs on Node.js ${process.versions.node}`);
  return null;
});

// A request's name is the contract's and the method's; its arguments come by position. vscode-jsonrpc adds a token.
connection.onRequest('WordCount.Count', (text, top) => {
  if (top < 0 || top > 1000) {
    // A declared error: code 1, the exception's type, and its members in camelCase.
    const message = `${top} words cannot be named; ask for 0 to 1000.`;
    throw new rpc.ResponseError(1, message, { type: 'Samples.Contracts.InvalidTopException', value: { message, top } });
  }

  const words = text.split(/[ \t\r\n]+/).filter(word => word.length > 0);
  const counts = new Map();
  for (const word of words) {
    counts.set(word, (counts.get(word) ?? 0) + 1);
  }

  let lines = 0;
  let characters = 0;
  for (const character of text) {
    characters++;
    lines += character === '\n' ? 1 : 0;
  }

  return {
    words: words.length,
    lines: lines + (text.length > 0 && !text.endsWith('\n') ? 1 : 0),
    characters,
    frequent: [...counts].map(([word, count]) => ({ word, count })).sort((a, b) => b.count - a.count).slice(0, top),
  };
});

connection.onRequest('WordCount.Wait', (milliseconds, token) => new Promise((resolve, reject) => {
  started++;
  const timer = setTimeout(() => resolve(null), milliseconds);
  token.onCancellationRequested(() => {
    clearTimeout(timer);
    stopped++;
    reject(new rpc.ResponseError(-32800, 'Cancelled as asked.'));
  });
}));

connection.onRequest('WordCount.Waits', () => ({ started, stopped }));

// The host closes the channel when it wants the plugin to end, and so does the system when the host dies.
connection.onClose(() => process.exit(0));
connection.listen();
