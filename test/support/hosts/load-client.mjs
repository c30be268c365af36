// A steady load: asks each of its targets again and again, each time on a new connection, and says on a socket what became of it.
// It is one file without anything to install, so that it runs in any network: a host's, a pod's, the machine's.
import { Resolver } from 'node:dns/promises';
import { rmSync } from 'node:fs';
import { createServer, get } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

const DNS = '10.96.0.10';
const LOSSES_MAX = 200;
const RECENT_MAX = 5;
/** A name is asked for twice, as a resolver does, the second time for twice as long: a datagram may be lost. */
const DNS_TRIES = 2;

const [socketPath, text] = process.argv.slice(2);
const { targets, everyMs, patienceMs } = JSON.parse(text);

const states = targets.map((target) => ({ ...target, asked: 0, answered: 0, lost: 0, recent: [], losses: [] }));

for (const state of states) void askForEver(state);

/** The next request does not wait for the answer of the one before. */
async function askForEver(state) {
  await sleep(Math.random() * everyMs);
  for (;;) {
    void askOnce(state);
    await sleep(everyMs);
  }
}

async function askOnce(state) {
  const startedAt = Date.now();
  state.asked++;
  const why = await fetched(state).then(
    () => undefined,
    (error) => error.code ?? error.message,
  );
  if (why === undefined) {
    state.answered++;
    state.recent.push(startedAt);
    if (state.recent.length > RECENT_MAX) state.recent.shift();
    return;
  }
  state.lost++;
  state.lostAt = Math.max(startedAt, state.lostAt ?? 0);
  state.losses.push({ startedAt, afterMs: Date.now() - startedAt, why });
  if (state.losses.length > LOSSES_MAX) state.losses.shift();
}

/** Each time by a new resolver, as programs do: one that is kept waits for a server no longer than a few times its usual answer. */
async function addressOf(name) {
  const resolver = new Resolver({ timeout: Math.ceil(patienceMs / (DNS_TRIES + 1)), tries: DNS_TRIES });
  resolver.setServers([DNS]);
  return (await resolver.resolve4(name))[0];
}

async function fetched({ host, port }) {
  const late = AbortSignal.timeout(patienceMs);
  const isName = /[a-z]/.test(host);
  const address = isName ? await addressOf(host) : host;
  await new Promise((resolve, reject) => {
    const call = get({ host: address, port, agent: false, signal: late }, (answer) => {
      const { statusCode } = answer;
      answer.on('error', reject).on('end', () => (statusCode === 200 ? resolve() : reject(new Error(`${statusCode}`))));
      answer.resume();
    });
    call.on('error', (cause) => reject(late.aborted ? new Error('no answer in time') : cause));
  });
}

rmSync(socketPath, { force: true });
createServer(({ method }, answer) => {
  answer.end(JSON.stringify(states));
  if (method === 'DELETE') answer.on('close', () => process.exit());
}).listen(socketPath);
