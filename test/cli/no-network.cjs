// Preloaded into the command line by process.test.ts: whatever would reach a network, or even look up a name, ends the
// process with a code of its own.
const forbidden = {
  net: ["connect", "createConnection", "createServer"],
  tls: ["connect", "createServer"],
  http: ["request", "get", "createServer"],
  https: ["request", "get", "createServer"],
  http2: ["connect", "createServer"],
  dgram: ["createSocket"],
  dns: ["lookup", "resolve", "resolve4", "resolve6", "reverse"],
};

function refuse(name) {
  process.stderr.write(`the command line reached for the network: ${name}\n`);
  process.exit(99);
}

for (const [module, names] of Object.entries(forbidden)) {
  for (const name of names) require(`node:${module}`)[name] = () => refuse(`${module}.${name}`);
}
require("node:net").Socket.prototype.connect = () => refuse("net.Socket.connect");
require("node:dns").promises.lookup = () => refuse("dns.promises.lookup");
globalThis.fetch = () => refuse("fetch");
