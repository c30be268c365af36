import { describe, expect, it } from '@jest/globals';
import { MemoryBusHub, SystemClock } from '#adapters';
import { accessPolicy, bootstrapObjects, registry } from '#kinds';
import { apiLoops, nodeLoops, schedulingLoops, workloadLoops } from '#loops';
import { isRefusal, type KubeObject, type Command, type CommandResult, type Loop, type UserInfo } from '#model';
import { TestView } from '#model/testing';
import { BusCommands, CommandGate, loopUser, serveCommands } from './index.js';

const ADMIN: UserInfo = { name: 'kubernetes-admin', groups: ['system:masters', 'system:authenticated'] };
const TAKEN: CommandResult = {
  object: { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p', uid: 'u' } },
  created: false,
  deleted: false,
  position: 1,
  changed: true,
  warnings: [],
};

const bootstrapped = new TestView(registry);
for (const object of bootstrapObjects) bootstrapped.put(object as unknown as KubeObject);

function open() {
  const taken: Command[] = [];
  const told: string[] = [];
  const gate = new CommandGate({
    writer: { submit: (command) => (taken.push(command), Promise.resolve(TAKEN)) },
    kinds: registry,
    authorizer: accessPolicy,
    view: () => bootstrapped,
    fresh: () => Promise.resolve(bootstrapped),
    loops: { api: apiLoops, controllers: workloadLoops, scheduler: schedulingLoops, health: nodeLoops },
    onRefusal: (client, { message }, times) => told.push(`${client} ${times}: ${message}`),
  });
  return { taken, told, gate };
}

const account = (name: string): UserInfo => loopUser({ account: name });
const command = (more: Partial<Command>): Command => ({
  verb: 'create',
  kind: 'core.pods',
  apiVersion: 'v1',
  namespace: 'default',
  name: 'p',
  options: {},
  actor: account('replicaset-controller'),
  via: 'replica-set',
  correlationId: 'c',
  ...more,
});
const loopNamed = (name: string): Loop => {
  const loop = [...apiLoops, ...workloadLoops, ...schedulingLoops, ...nodeLoops].find((one) => one.name === name);
  if (!loop) throw new Error(`no loop ${name}`);
  return loop;
};
const code = (result: CommandResult): number => (isRefusal(result) ? result.code : 200);

describe('who a client of the bus may act as', () => {
  it.each<[string, string, Partial<Command>, number]>([
    ['its own loop', 'controllers', {}, 200],
    ['an administrator', 'controllers', { actor: ADMIN }, 403],
    ['an administrator, through a loop of its own', 'controllers', { actor: ADMIN, via: 'replica-set' }, 403],
    ['a loop of another client', 'scheduler', {}, 403],
    ['an account of its own, through another loop', 'controllers', { via: 'deployment' }, 403],
    ['a loop, with the basis of another', 'controllers', { basis: basis('scheduling') }, 403],
    ['a node, where nodes do not report', 'controllers', { actor: node('n1'), via: 'health' }, 403],
    ['a loop, from a client that runs none', 'feed', {}, 403],
    ['a loop, from a client that has the name of a member of Object', 'constructor', {}, 403],
    ['whom the API has authenticated', 'api', { actor: ADMIN, via: 'kubectl' }, 200],
  ])('%s (%s)', async (_title, client, more, expected) => {
    const { gate, taken } = open();
    expect(code(await gate.submit(client, command(more)))).toBe(expected);
    expect(taken).toHaveLength(expected === 200 ? 1 : 0);
  });

  it.each<[string, string, Partial<Command>, boolean]>([
    ['its own loop', 'controllers', {}, true],
    ['its own loop, to do what that may not', 'controllers', { kind: 'core.secrets' }, false],
    ['an administrator', 'controllers', { actor: ADMIN }, false],
    ['whom the API has authenticated', 'api', { actor: ADMIN, via: 'kubectl' }, true],
    [
      'whom the API has authenticated, to do what that user may not',
      'api',
      { actor: { name: 'jane', groups: [] } },
      false,
    ],
  ])('what follows on a command, too: %s (%s)', async (_title, client, more, isTaken) => {
    const { gate, taken, told } = open();
    const first = client === 'api' ? { actor: ADMIN } : {};
    const next = command({ ...more, name: 'next', impersonator: ADMIN });
    expect(code(await gate.submit(client, { ...command(first), next }))).toBe(200);
    expect(taken.map((one) => one.next?.name)).toEqual([isTaken ? 'next' : undefined]);
    if (client !== 'api') expect(taken[0]?.next?.impersonator).toBeUndefined();
    // Its loop submits it, and is refused then.
    expect(told).toEqual([]);
  });

  it('a command of a kind that nothing defines is answered 404, and nobody is told', async () => {
    const { gate, taken, told } = open();
    const unknown = command({ kind: 'example.com.boats', apiVersion: 'example.com/v1', actor: ADMIN });
    expect(await gate.submit('api', unknown)).toMatchObject({ code: 404, reason: 'NotFound' });
    expect([taken, told]).toEqual([[], []]);
  });

  it('a kind whose definition this view has not seen yet is looked for once the view has passed the head', async () => {
    const behind = new TestView(registry);
    let view = behind;
    const taken: Command[] = [];
    const gate = new CommandGate({
      writer: { submit: (one) => (taken.push(one), Promise.resolve(TAKEN)) },
      kinds: { ...registry, at: (of) => (of === behind ? { ...registry, byId: () => undefined } : registry) },
      authorizer: accessPolicy,
      view: () => view,
      fresh: () => Promise.resolve((view = bootstrapped)),
      loops: { api: apiLoops },
    });
    expect(code(await gate.submit('api', command({ actor: ADMIN })))).toBe(200);
    expect(taken).toHaveLength(1);
  });

  it('takes groups from the account, not from the command', async () => {
    const { gate, taken } = open();
    const forged = { ...account('replicaset-controller'), groups: ['system:masters'], uid: 'forged' };
    expect(code(await gate.submit('controllers', command({ actor: forged })))).toBe(200);
    expect(taken[0]?.actor).toEqual(account('replicaset-controller'));
    const secrets = command({ actor: forged, kind: 'core.secrets' });
    expect(code(await gate.submit('controllers', secrets))).toBe(403);
  });

  it('does not believe that a create of what is missing was authorised', async () => {
    const { gate, taken } = open();
    const more = { verb: 'patch', kind: 'core.nodes', name: 'n1', options: { mayCreate: true } } as const;
    const patch = command({ ...more, actor: account('node-controller'), via: 'node-lifecycle' });
    expect(code(await gate.submit('health', patch))).toBe(200);
    expect(taken[0]?.options).toEqual({});
  });
});

describe('what an actor may do', () => {
  it.each<[string, string, Partial<Command>, number]>([
    ['bind a pod', 'scheduler', act('scheduling', { subresource: 'binding' }), 200],
    ['make a pod', 'scheduler', act('scheduling', {}), 403],
    ['make a Secret', 'controllers', act('deployment', { kind: 'core.secrets' }), 403],
    ['make a Service', 'controllers', act('deployment', { kind: 'core.services' }), 403],
    ['empty an ending namespace', 'controllers', act('namespace', { verb: 'delete', kind: 'core.secrets' }), 200],
    ['make something in one', 'controllers', act('namespace', { kind: 'core.secrets' }), 403],
    ['report its own state', 'health', report('n1', 'n1'), 200],
    ['make a Secret as a node', 'health', { actor: node('n1'), via: 'health', kind: 'core.secrets' }, 403],
    ['delete one of a collection', 'api', { actor: ADMIN, verb: 'delete', via: 'kubectl' }, 200],
    ['whatever the API let nobody do', 'api', { actor: { name: 'ann', groups: [] }, via: 'kubectl' }, 403],
  ])('%s (%s)', async (_title, client, more, expected) => {
    const { gate } = open();
    expect(code(await gate.submit(client, command(more)))).toBe(expected);
  });

  it('says who may not do what, at the 1st, 2nd, 4th … time', async () => {
    const { gate, told } = open();
    for (let i = 0; i < 9; i++) await gate.submit('scheduler', command(act('scheduling', {})));
    expect(told.map((line) => line.split(':')[0])).toEqual([1, 2, 4, 8].map((times) => `scheduler ${times}`));
    expect(told[0]).toContain('pods is forbidden: User "system:kube-scheduler" cannot create resource "pods"');
  });
});

describe('a command on the bus', () => {
  it('is of the client that its subject names', async () => {
    const { gate } = open();
    const hub = new MemoryBusHub(new SystemClock());
    serveCommands(hub.connect('api'), async (by, { commands }) => ({
      results: await Promise.all(commands.map((one) => gate.submit(by, one))),
    }));
    const bus = hub.connect('controllers');
    const send = async (client: string, sent: Command): Promise<number> =>
      code(await new BusCommands(bus, client).send(sent, { term: 1, timeoutMs: 5000 }));
    expect(await send('controllers', command({}))).toBe(200);
    expect(await send('controllers', command({ actor: ADMIN, via: 'kubectl' }))).toBe(403);
    expect(await send('scheduler', command({}))).toBe(403);
  });
});

function act(loop: string, more: Partial<Command>): Partial<Command> {
  return { actor: loopUser(loopNamed(loop)), via: loop, ...more };
}
function node(name: string): UserInfo {
  return { name: `system:node:${name}`, groups: ['system:nodes', 'system:authenticated'] };
}
function report(by: string, about: string): Partial<Command> {
  return { verb: 'patch', kind: 'core.nodes', name: about, subresource: 'status', actor: node(by), via: 'health' };
}
function basis(loop: string): NonNullable<Command['basis']> {
  return { loop, key: 'k', view: 1, now: '2026-01-01T00:00:00.000Z', build: 'b' };
}
