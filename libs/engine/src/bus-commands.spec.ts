import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import { MemoryBusHub, SqliteEventLog, SystemClock } from '#adapters';
import { accessPolicy, configMapKind, configMaps, createRegistry, namespaceKind } from '#kinds';
import type { AdmissionPlugin, HttpsAnswer, Command, Decision, Loop, Submit } from '#model';
import type { Bus } from '#ports';
import {
  BusCommands,
  COMMANDS_TOGETHER_MAX,
  CommandGate,
  CommandRoute,
  freshView,
  serveCommands,
  type ControlPlane,
} from './index.js';
import { testCreate, testPlane } from './testing.js';

/** Asks about each ConfigMap named `slow`. */
const asking: AdmissionPlugin = {
  name: 'Asking',
  mutate({ object, answers }) {
    const to = { url: 'https://hook.test/' };
    const question = { asks: 'https', name: 'a webhook', to, body: {}, timeoutMs: 10_000 } as const;
    if (object.metadata.name !== 'slow' || answers.to(question)) return object;
    return { questions: [question] };
  },
};
const kinds = createRegistry([namespaceKind, configMapKind], [asking]);

const create = (name: string, then: readonly Submit[] = []): Submit => ({
  is: 'submit',
  because: `there is no ${name}`,
  command: {
    ...{ verb: 'create', kind: configMaps.id, namespace: 'team', name },
    body: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'team' } },
  },
  then,
});
/** Makes at once what it lists, each with what follows on it, until the first of it is there. */
const making = (wishes: readonly Submit[]): Loop => ({
  name: 'making',
  account: 'making-controller',
  keysOf: () => [],
  keysAtStart: () => ['key'],
  reconcile: (view): readonly Decision[] => (view.get(configMaps, 'team', wishes[0]?.command.name ?? '') ? [] : wishes),
});

const ends: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

/** A writer behind the bus over the embedded log; what the log gives together, it has taken as one group. */
async function started(loop: Loop) {
  const folder = mkdtempSync(join(tmpdir(), 'shiplog-commands-'));
  ends.push(() => rmSync(folder, { recursive: true }));
  const log = await SqliteEventLog.open(join(folder, 'events.db'));
  ends.push(() => log.close());
  let answer = (_answer: HttpsAnswer): void => undefined;
  const asker = { ask: (): Promise<HttpsAnswer> => new Promise((resolve) => (answer = resolve)) };
  const plane = testPlane(log, kinds, { askers: { https: asker } });
  await plane.start();
  ends.push(() => plane.stop());
  const writer = await plane.becomeWriter('test');
  const authorizer = { ...accessPolicy, authorize: () => ({ allowed: true as const, reason: '' }) };
  const loops = { api: [], controllers: [loop] };
  const views = { view: () => plane.reads.projection, fresh: () => freshView(plane.reads) };
  const gate = new CommandGate({ writer, kinds, authorizer, ...views, loops });
  const hub = new MemoryBusHub(new SystemClock());
  const messages: string[] = [];
  hub.onDelivery = ({ subject }) => void (subject.startsWith('command.') && messages.push(subject));
  serveCommands(hub.connect('api'), async (client, { commands }) => ({
    results: await Promise.all(commands.map((command) => gate.submit(client, command))),
  }));
  const bus = hub.connect('controllers');
  const groups: string[][] = [];
  plane.reads.onChanges((_changes, events) => groups.push(events.map(({ stream }) => stream.split('/')[2] ?? '')));
  return { plane, bus, messages, groups, answer: () => answer({ is: 'answered', status: 200, body: {} }) };
}
const routeTo = (bus: Bus, { reads, options: { clock } }: ControlPlane): CommandRoute =>
  new CommandRoute({ client: 'controllers', bus, reads, clock });
const until = async (isSo: () => boolean): Promise<void> => {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 1));
};

describe('what a loop submits over the bus', () => {
  it('travels in one message for a look, as what follows on it does, and is one group of the log', async () => {
    const names = ['a', 'b', 'c', 'd'];
    const loop = making(names.map((name) => create(name, [create(`${name}-next`)])));
    const { plane, bus, messages, groups } = await started(loop);
    const [runner] = plane.run([loop], routeTo(bus, plane));
    await until(() => groups.length >= 2 && runner?.idle === true);
    expect(groups).toEqual([names, names.map((name) => `${name}-next`)]);
    expect(messages).toEqual(Array(2).fill('command.controllers.core.configmaps.team._.create'));
  });

  it('is refused one by one: others are not refused with it, nor does anything follow on it', async () => {
    const loop = making([create('a'), create('NO NAME', [create('never')]), create('b', [create('b-next')])]);
    const { plane, bus, groups } = await started(loop);
    plane.run([loop], routeTo(bus, plane));
    await until(() => groups.length >= 2);
    expect(groups).toEqual([['a', 'b'], ['b-next']]);
  });

  it('is in the log while a webhook is asked about another command of the look', async () => {
    const loop = making([create('slow'), create('a'), create('b')]);
    const { plane, bus, groups, answer } = await started(loop);
    plane.run([loop], routeTo(bus, plane));
    await until(() => groups.length > 0);
    expect(groups).toEqual([['a', 'b']]);
    answer();
    await until(() => groups.length > 1);
    expect(groups).toEqual([['a', 'b'], ['slow']]);
  });

  it('is parted where it is more than the writer decides in one turn', async () => {
    const sizes: number[] = [];
    const request: Bus['request'] = (_subject, data) => {
      const { commands } = JSON.parse(new TextDecoder().decode(data)) as { commands: readonly Command[] };
      sizes.push(commands.length);
      const results = commands.map(({ name }) => ({ refused: true, code: 409, reason: 'Conflict', message: name }));
      return Promise.resolve(new TextEncoder().encode(JSON.stringify({ results })));
    };
    const commands = new BusCommands({ request } as Bus, 'controllers');
    const basis = { loop: 'making', key: 'key', view: 1, now: '2026-01-01T00:00:00.000Z', build: 'test' };
    const wished = Array.from({ length: COMMANDS_TOGETHER_MAX + 3 }, (_, n) => ({
      ...testCreate(configMaps.id, { metadata: { name: `n${n}` } }),
      ...{ via: 'making', basis: n < COMMANDS_TOGETHER_MAX + 2 ? basis : { ...basis, key: 'another' } },
    }));
    const results = await Promise.all(wished.map((command) => commands.send(command, { term: 1, timeoutMs: 1000 })));
    expect(sizes).toEqual([COMMANDS_TOGETHER_MAX, 2, 1]);
    expect(results).toEqual(wished.map(({ name }) => expect.objectContaining({ message: name })));
  });
});
