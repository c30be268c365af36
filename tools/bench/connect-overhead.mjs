// What a connection to a service costs more than a direct one: until the server's first byte is there, in each mode of the data plane.
// Server, client and the data plane that forwards itself are processes of their own in one network namespace.
import { once } from 'node:events';
import { smallProgram } from './small-program.mjs';

const ROUNDS = 5;
const CONNECTIONS = 2000;

/**
 * Microseconds by which the middle one of 2,000 connections to `service` takes longer than that of 2,000 direct ones in turn with
 * them, in each of five rounds. `within` are the words before a program that runs in the namespace.
 */
export async function overheads(within, { service, direct }) {
  const server = smallProgram(within, SERVE, direct);
  try {
    await once(server.lines, 'line');
    const client = smallProgram(within, ASK, { service, direct, rounds: ROUNDS, connections: CONNECTIONS });
    const found = [];
    client.lines.on('line', (line) => found.push(Number(line)));
    await once(client.lines, 'close');
    if (found.length !== ROUNDS || !found.every(Number.isFinite)) throw new Error('connections were not answered');
    return found;
  } finally {
    server.end();
  }
}

/** A data plane that forwards itself leads one frontend until `end` is called; resolves once it does. */
export async function forwarding(within, place, frontend) {
  const code = `
    import('#adapters').then(async ({ UserspaceDataplane }) => {
      const dataplane = new UserspaceDataplane({ log: (line) => console.error(line) });
      await dataplane.open(given.place);
      await dataplane.replace([given.frontend]);
      console.log('leads');
    });`;
  const child = smallProgram(within, code, { place, frontend });
  const [line] = await Promise.race([once(child.lines, 'line'), once(child.lines, 'close')]);
  if (line !== 'leads') throw new Error('the data plane that forwards itself did not start');
  return child;
}

const SERVE = `
  require('node:net').createServer((socket) => socket.on('error', () => {}).write('x'))
    .listen(given.port, given.host, () => console.log('listens'));`;
const ASK = `
  const { connect } = require('node:net');
  const answered = ({ host, port }) => new Promise((resolve, reject) => {
    const began = process.hrtime.bigint();
    const socket = connect(port, host);
    socket.once('data', () => {
      const took = Number(process.hrtime.bigint() - began) / 1000;
      socket.resetAndDestroy();
      resolve(took);
    });
    socket.once('error', reject);
  });
  const middle = (values) => values.sort((a, b) => a - b)[values.length >> 1];
  (async () => {
    // The first round warms all of them up.
    for (let round = 0; round <= given.rounds; round++) {
      const direct = [], led = [];
      for (let i = 0; i < given.connections; i++) {
        direct.push(await answered(given.direct));
        led.push(await answered(given.service));
      }
      if (round > 0) console.log(middle(led) - middle(direct));
    }
    process.exit(0);
  })();`;
