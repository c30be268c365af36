import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { spawn } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { headers, type Msg } from '@nats-io/transport-node';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  NatsAuthority,
  NatsBus,
  openFileKeys,
  startNatsServer,
  type NatsPermissions,
  type NatsServer,
  type StoredKeys,
} from '#adapters';
import { agentPermissions, appPermissions, busRules, clientOfSubject, subjects } from '#engine';
import { MEASUREMENT_BYTES_MAX } from '#model';
import type { BusRules } from '#ports';
import { busContract, contractRules } from './bus.contract.js';

const EVERYTHING: NatsPermissions = { publish: ['>'], subscribe: ['>'], inbox: 'inbox.test' };
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (data: Uint8Array): string => new TextDecoder().decode(data);

/** A server in a folder of its own, and clients of it. */
class Fixture {
  readonly problems: string[] = [];
  private constructor(
    readonly home: string,
    readonly keys: StoredKeys,
    readonly authority: NatsAuthority,
  ) {}
  server!: NatsServer;

  static async open(): Promise<Fixture> {
    const home = mkdtempSync(join(tmpdir(), 'shiplog-nats-'));
    const keys = await openFileKeys(home);
    const fixture = new Fixture(home, keys, await NatsAuthority.open(keys.store));
    fixture.server = await fixture.start();
    return fixture;
  }

  start(): Promise<NatsServer> {
    return startNatsServer({ home: this.home, keys: this.keys, authority: this.authority });
  }

  async connect(name: string, permissions = EVERYTHING, rules: BusRules = busRules): Promise<NatsBus> {
    const user = await this.authority.issueUser(name, permissions);
    const onProblem = (problem: string): void => void this.problems.push(problem);
    return NatsBus.connect({ url: this.server.url, ca: this.keys.caCertificate, ...user }, { name, rules, onProblem });
  }

  async close(): Promise<void> {
    await this.server.stop();
    rmSync(this.home, { recursive: true });
  }
}

/** The answer of `alive` as soon as somebody gives one. */
async function eventually(bus: NatsBus): Promise<string> {
  for (;;) {
    const answer = await bus.request('alive', bytes(''), 1_000).then(text, () => undefined);
    if (answer !== undefined) return answer;
  }
}

busContract('nats', async () => {
  const fixture = await Fixture.open();
  return {
    connect: (name) => fixture.connect(name, EVERYTHING, contractRules),
    close: () => fixture.close(),
  };
});

describe('nats bus', () => {
  let fixture: Fixture;
  beforeAll(async () => {
    fixture = await Fixture.open();
  });
  afterAll(() => fixture.close());

  it('keeps an agent to its own subjects, answers and large messages included', async () => {
    const health = await fixture.connect('health', appPermissions(['health', 'api'], 'health'));
    const agent = await fixture.connect('n1', agentPermissions('n1'));
    const other = await fixture.connect('n2', agentPermissions('n2'));
    const heard: string[] = [];
    const large = new Uint8Array(2_500_000).fill(7);
    const report = large.subarray(0, 1_500_000);
    for (const what of ['sync', 'pod'])
      health.subscribe(`report.*.${what}`, (data, subject) => {
        heard.push(`${subject} ${data.length}`);
        return large;
      });
    agent.subscribe('node.n1.>', (data, subject) =>
      subject.includes('.inbox.') ? undefined : bytes(`n1 got ${data.length}`),
    );
    other.subscribe('node.n1.>', () => void heard.push('n2 overheard n1'));
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect((await agent.request('report.n1.sync', bytes('x'), 5_000)).length).toBe(large.length);
    expect((await agent.request('report.n1.pod', report, 5_000)).length).toBe(large.length);
    expect(text(await health.request('node.n1.logs', large, 5_000))).toBe(`n1 got ${large.length}`);
    await expect(other.request('report.n1.sync', bytes('forged'), 300)).rejects.toThrow(/no answer|nobody/);
    other.publish('command.core.pods.default.web.delete', bytes('{}'));
    agent.publish('node.n2.change', bytes('{}'));
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(heard).toEqual(['report.n1.sync 1', `report.n1.pod ${report.length}`]);
    expect(fixture.problems.filter((problem) => /permissions violation/i.test(problem)).length).toBeGreaterThanOrEqual(
      3,
    );
    await Promise.all([health.close(), agent.close(), other.close()]);
  });

  it('lets an agent measure its own node only, and nobody but the scaler hear it', async () => {
    const scaler = await fixture.connect('scaler', appPermissions(['scaler'], 'scaler'));
    const health = await fixture.connect('health', appPermissions(['health'], 'health'));
    const agent = await fixture.connect('n1', agentPermissions('n1'));
    const other = await fixture.connect('n2', agentPermissions('n2'));
    const heard: string[] = [];
    scaler.subscribe(subjects.allMeasurements, (data, subject) => void heard.push(`${subject} ${data.length}`));
    for (const bus of [health, other]) bus.subscribe(subjects.allMeasurements, () => void heard.push('overheard'));
    agent.subscribe(subjects.keySample('n1'), () => void heard.push('asked'));
    await new Promise((resolve) => setTimeout(resolve, 100));
    other.publish(subjects.measurements('n1'), bytes('forged'));
    agent.publish(subjects.measurements('n1'), new Uint8Array(MEASUREMENT_BYTES_MAX + 1));
    agent.publish(subjects.measurements('n1'), bytes('mine'));
    scaler.publish(subjects.keySample('n1'), bytes(''));
    scaler.publish(subjects.node('n1', 'change'), bytes('{}'));
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(heard.sort()).toEqual(['asked', 'measure.n1 4']);
    await Promise.all([scaler, health, agent, other].map((bus) => bus.close()));
  });

  it('publishes what all nodes need once for all agents, in parts too, and takes it from no agent', async () => {
    const health = await fixture.connect('health', appPermissions(['health'], 'health'));
    const agents = [
      await fixture.connect('n1', agentPermissions('n1')),
      await fixture.connect('n2', agentPermissions('n2')),
    ];
    const large = new Uint8Array(2_500_000).fill(7);
    const heard: string[] = [];
    const both = Promise.withResolvers<void>();
    for (const [i, agent] of agents.entries())
      agent.subscribe('shared.change', (data) => {
        heard.push(`n${i + 1} ${data.length}`);
        if (heard.length === 4) both.resolve();
      });
    await new Promise((resolve) => setTimeout(resolve, 100));
    agents[0]?.publish('shared.change', bytes('forged'));
    health.publish('shared.change', bytes('small'));
    health.publish('shared.change', large);
    await both.promise;
    expect(heard.sort()).toEqual(['n1 2500000', 'n1 5', 'n2 2500000', 'n2 5']);
    await Promise.all([health, ...agents].map((bus) => bus.close()));
  });

  it('answers an agent in its own inbox only, and publishes parts nowhere else', async () => {
    const health = await fixture.connect('health', appPermissions(['health', 'api'], 'health'));
    const agent = await fixture.connect('n1', agentPermissions('n1'));
    const commands: string[] = [];
    health.subscribe('command.>', (_data, subject) => void commands.push(subject));
    const taken: string[] = [];
    health.subscribe('report.*.sync', (data) => {
      taken.push(text(data));
      return new Uint8Array(2_500_000);
    });
    const raw = agent.connection;
    const first = Promise.withResolvers<Msg>();
    raw.subscribe('node.n1.inbox.raw', { callback: (_error, message) => first.resolve(message) });
    await new Promise((resolve) => setTimeout(resolve, 100));
    const elsewhere = 'command.core.secrets.default.all.delete';
    // As the subject of the answer, as the place of a message's parts, and as the place where parts are sent.
    raw.publish('report.n1.sync', bytes('answer me elsewhere'), { reply: elsewhere });
    const parts = headers();
    parts.set('Shiplog-Parts', '2');
    raw.publish('report.n1.pod', bytes('fetch the rest elsewhere'), { reply: elsewhere, headers: parts });
    raw.publish('report.n1.sync', bytes('own inbox'), { reply: 'node.n1.inbox.raw' });
    const source = (await first.promise).reply ?? '';
    const want = headers();
    want.set('Shiplog-Want', '1');
    raw.publish(source, undefined, { reply: elsewhere, headers: want });
    await agent.request('report.n1.sync', bytes('last'), 5_000);
    expect(taken).toEqual(['own inbox', 'last']);
    expect(commands).toEqual([]);
    expect(fixture.problems).toContainEqual(expect.stringContaining('report.n1.sync: dropped, it asks for an answer'));
    await Promise.all([health.close(), agent.close()]);
  });

  it('collects no message that declares more parts than its subject may carry', async () => {
    const health = await fixture.connect('health', appPermissions(['health'], 'health'));
    const agent = await fixture.connect('n1', agentPermissions('n1'));
    health.subscribe('report.*.pod', () => bytes('taken'));
    const raw = agent.connection;
    let asked = 0;
    raw.subscribe('node.n1.inbox.raw', {
      callback: (_error, message) => {
        if (!message.headers?.has('Shiplog-Want')) return;
        asked++;
        message.respond(new Uint8Array(1_000_000));
      },
    });
    await new Promise((resolve) => setTimeout(resolve, 100));
    for (const count of ['1024', '3', '1e3', '2.5', '-1', 'many']) {
      const declared = headers();
      declared.set('Shiplog-Parts', count);
      raw.publish('report.n1.pod', new Uint8Array(1_000_000), { reply: 'node.n1.inbox.raw', headers: declared });
    }
    expect(text(await agent.request('report.n1.pod', bytes('small'), 5_000))).toBe('taken');
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(asked).toBe(0);
    await Promise.all([health.close(), agent.close()]);
  });

  it('lets a client publish commands under its own name only', async () => {
    const api = await fixture.connect('api', appPermissions(['api']));
    const controllers = await fixture.connect('controllers', appPermissions(['controllers']));
    const heard: string[] = [];
    api.subscribe(subjects.commands, (data, subject) => {
      heard.push(clientOfSubject(subject));
      return data;
    });
    const pod = { kind: 'core.pods', namespace: 'default', name: 'p', verb: 'create' } as const;
    const ask = (client: string): Promise<unknown> =>
      controllers.request(subjects.command(client, pod), bytes(''), 700).then(text, () => 'refused');
    while ((await ask('controllers')) === 'refused');
    heard.length = 0;
    expect(await Promise.all(['api', 'scheduler', 'health', 'controllers'].map(ask))).toEqual([
      ...['refused', 'refused', 'refused', ''],
    ]);
    expect(heard).toEqual(['controllers']);
    await Promise.all([api.close(), controllers.close()]);
  });

  it('refuses a client of another cluster, and is refused a server of another CA', async () => {
    const foreign = await Fixture.open();
    const { authority } = foreign;
    const user = await authority.issueUser('stranger', EVERYTHING);
    const { url } = fixture.server;
    const signal = AbortSignal.abort();
    const stranger = NatsBus.connect(
      { url, ca: fixture.keys.caCertificate, ...user },
      { name: 'stranger', rules: busRules, signal },
    );
    await expect(stranger).rejects.toThrow(/authorization/i);
    const own = await fixture.authority.issueUser('own', EVERYTHING);
    const wrongCa = NatsBus.connect(
      { url, ca: foreign.keys.caCertificate, ...own },
      { name: 'own', rules: busRules, signal },
    );
    await expect(wrongCa).rejects.toThrow(/certificate/i);
    await foreign.close();
  });

  it('heals when the server is killed: the same port, clients reconnect, subscriptions go on', async () => {
    const [here, there] = [await fixture.connect('here'), await fixture.connect('there')];
    there.subscribe('alive', () => bytes('yes'));
    there.subscribe('stuck', () => new Promise<undefined>(() => undefined));
    const changes: boolean[] = [];
    const back = Promise.withResolvers<void>();
    here.onConnection((connected) => {
      changes.push(connected);
      if (changes.length === 3) back.resolve();
    });
    expect(await eventually(here)).toBe('yes');
    const stuck = here.request('stuck', bytes(''), 60_000).catch((error: Error) => error.message);
    const pid = fixture.server.pid;
    process.kill(pid ?? 0, 'SIGKILL');
    expect(await stuck).toMatch(/was lost/);
    await back.promise;
    expect(changes).toEqual([true, false, true]);
    expect(fixture.server.pid).not.toBe(pid);
    expect(await eventually(here)).toBe('yes');
    await Promise.all([here.close(), there.close()]);
  });

  it('keeps its files private and opens nothing but its one port', () => {
    for (const name of ['server.conf', 'server.key'])
      expect(statSync(join(fixture.home, 'nats', name)).mode & 0o077).toBe(0);
    const config = readFileSync(join(fixture.home, 'nats', 'server.conf'), 'utf8');
    expect(config).toContain(`listen: "127.0.0.1:${new URL(fixture.server.url).port}"`);
    expect(config).not.toMatch(/cluster|http|password|jetstream/i);
  });

  it('stops a server that a killed parent left behind, and takes its port', async () => {
    const orphaned = await Fixture.open();
    const url = orphaned.server.url;
    const config = join(orphaned.home, 'nats', 'server.conf');
    await orphaned.server.stop();
    const orphan = spawn('nats-server', ['-c', config, '-P', join(orphaned.home, 'nats', 'pid')], { stdio: 'ignore' });
    const gone = new Promise((resolve) => orphan.once('exit', resolve));
    while (!existsSync(join(orphaned.home, 'nats', 'pid'))) await new Promise((resolve) => setTimeout(resolve, 10));
    orphaned.server = await orphaned.start();
    await gone;
    expect(orphaned.server.url).toBe(url);
    const bus = await orphaned.connect('after');
    await bus.close();
    await orphaned.close();
  });

  it('says what to do when nats-server is not installed', async () => {
    const options = { home: join(fixture.home, 'absent'), keys: fixture.keys, authority: fixture.authority };
    await expect(startNatsServer({ ...options, executable: 'no-such-nats-server' })).rejects.toThrow(
      /not installed: install/,
    );
  });
});
