import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import packet from 'dns-packet';
import { VirtualClock } from '../clock/index.js';
import { bridgeAddress } from './bridge-address.js';
import { DnsSockets } from './dns-sockets.js';
import { Forwarder } from './forwarder.js';
import { ResolverFile } from './resolver-file.js';
import { SocketNameServer } from './socket-name-server.js';
import { addresses, askTcp, askUdp, noSuchName, question, TestUpstream, wordsOf, type Behaviour } from './testing.js';
import type { NameService } from '#ports';

const clock = { monotonic: () => performance.now() };
/** 127.0.0.1 has the loopback interface already. */
const addressesThere = {
  give: () => Promise.resolve(),
  take: () => Promise.resolve(),
  of: () => Promise.resolve([]),
};
const pods = { bridge: 'lo', cidr: '127.0.0.0/8' };
const folder = mkdtempSync(join(tmpdir(), 'dns-'));
const resolverFile = join(folder, 'resolv.conf');
let closing: (() => void | Promise<void>)[] = [];

const zone: NameService['answer'] = ({ name, type }) => {
  const record = { name, ttl: 30 };
  const reply = { rcode: 'NOERROR', authorities: [], additionals: [] } as const;
  if (name === 'web.local' && type === 'A') return { ...reply, answers: [{ ...record, type, address: '10.96.0.7' }] };
  if (name === 'many.local') {
    const answers = Array.from({ length: 300 }, (_, n) => ({
      ...record,
      type: 'A' as const,
      address: `10.1.${n >> 8}.${n & 255}`,
    }));
    return { ...reply, answers };
  }
  if (name === 'alias.local')
    return { ...reply, answers: [{ ...record, type: 'CNAME', target: 'www.test' }], continuesAt: 'www.test' };
  if (name === 'inner.local')
    return { ...reply, answers: [{ ...record, type: 'CNAME', target: 'web.local' }], continuesAt: 'web.local' };
  if (name === 'bug.local') throw new Error('a bug');
  if (name === 'later.local') return 'unknown';
  return name.endsWith('.local') ? { ...reply, rcode: 'NXDOMAIN', answers: [] } : undefined;
};
async function upstream(behaviour: Behaviour, at?: { address?: string; port?: number }): Promise<TestUpstream> {
  const opened = await TestUpstream.open(behaviour, at);
  closing.push(() => opened.close());
  return opened;
}
async function serve({ forwardPort = 1, cidr = pods.cidr, bugs = [] as unknown[] } = {}): Promise<number> {
  const server = new SocketNameServer({
    clock,
    port: 0,
    forwardPort,
    resolverFile,
    addresses: addressesThere,
    onBug: (cause) => bugs.push(cause),
  });
  closing.push(() => server.stop());
  await server.serve({ address: '127.0.0.1', pods: { ...pods, cidr }, answer: zone });
  return server.port ?? 0;
}
const ask = async (port: number, name: string, type = 'A', how = {}): Promise<ReturnType<typeof wordsOf>> =>
  wordsOf(await askUdp(question(name, type, how), port));
const framed = (message: Buffer): Buffer =>
  Buffer.concat([Buffer.from([message.length >> 8, message.length & 255]), message]);

beforeEach(() => writeFileSync(resolverFile, 'nameserver 127.0.0.2\n'));
afterEach(async () => {
  for (const close of closing) await close();
  closing = [];
});
process.once('exit', () => rmSync(folder, { recursive: true, force: true }));

describe('a name server', () => {
  it('answers of the zone, and says where something is wrong', async () => {
    const bugs: unknown[] = [];
    const port = await serve({ bugs });
    expect(await ask(port, 'WEB.local')).toEqual({
      code: 'NOERROR',
      flags: 'aa ra',
      answers: ['A WEB.local 30 10.96.0.7'],
    });
    expect(await ask(port, 'nobody.local')).toMatchObject({ code: 'NXDOMAIN' });
    expect(await ask(port, 'later.local')).toMatchObject({ code: 'SERVFAIL', flags: 'ra' });
    expect(await ask(port, 'inner.local')).toMatchObject({
      answers: ['CNAME inner.local 30 web.local', 'A web.local 30 10.96.0.7'],
    });
    expect(await ask(port, 'bug.local')).toMatchObject({ code: 'SERVFAIL' });
    expect(bugs).toHaveLength(1);
    const two = question('web.local', 'A');
    two.writeUInt16BE(2, 4);
    expect(wordsOf(await askUdp(two, port)).code).toBe('FORMERR');
  });
  it('truncates by what the client can take, and answers whole by TCP, several questions of one connection', async () => {
    const port = await serve();
    const plain = await askUdp(question('many.local', 'A'), port);
    expect([plain.length <= 512, wordsOf(plain).flags]).toEqual([true, 'aa tc ra']);
    const larger = await askUdp(question('many.local', 'A', { bytesMax: 65_000 }), port);
    expect([larger.length > 1100 && larger.length <= 1232, wordsOf(larger).flags]).toEqual([true, 'aa tc ra']);
    const asked = [question('many.local', 'A', { id: 1 }), question('web.local', 'A', { id: 2 })].map(framed);
    const whole = await askTcp(Buffer.concat(asked), port, 2);
    expect(
      whole.map((message) => [message.readUInt16BE(0), wordsOf(message).flags, wordsOf(message).answers.length]),
    ).toEqual([
      [1, 'aa ra', 300],
      [2, 'aa ra', 1],
    ]);
  });
  it('begins with another record each time', async () => {
    const port = await serve();
    const first = new Set<string | undefined>();
    for (let n = 0; n < 5; n++) first.add((await ask(port, 'many.local')).answers[0]);
    expect(first.size).toBe(5);
  });
  it('ends a connection that announces more than a question, and the 33rd of one client', async () => {
    const port = await serve();
    expect(await askTcp(Buffer.from([0xff, 0xff, 1, 2]), port)).toEqual([]);
    const waiting = Array.from({ length: 32 }, () => askTcp(Buffer.from([0]), port));
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(await askTcp(framed(question('web.local', 'A')), port)).toEqual([]);
    // By UDP they are answered all the while.
    expect(await ask(port, 'web.local')).toMatchObject({ code: 'NOERROR' });
    for (const close of closing) await close();
    closing = [];
    expect((await Promise.all(waiting)).flat()).toEqual([]);
  });
  it('answers nobody but pods of the bridge and programs of this machine', async () => {
    const port = await serve({ cidr: '10.244.0.0/24' });
    expect(await ask(port, 'web.local')).toMatchObject({ code: 'NOERROR' });
    const refusing = await DnsSockets.open({
      address: '127.0.0.1',
      port: 0,
      serves: () => false,
      answerer: { answer: (message) => message },
    });
    closing.push(() => refusing.close());
    await expect(askUdp(question('web.local', 'A'), refusing.port, '127.0.0.1', 300)).rejects.toThrow();
    expect(await askTcp(framed(question('web.local', 'A')), refusing.port)).toEqual([]);
  });
  it('says in one sentence why it cannot listen', async () => {
    const taken: Server = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => taken.once('listening', resolve));
    closing.push(() => void taken.close());
    const { port } = taken.address() as { port: number };
    const server = new SocketNameServer({ clock, port, resolverFile, addresses: addressesThere });
    await expect(server.serve({ address: '127.0.0.1', pods, answer: zone })).rejects.toThrow(
      `nothing can listen at 127.0.0.1 port ${port}: another program has that port, perhaps the agent of another cluster on this machine`,
    );
    // The bridge's own address is left: of each bridge another one, so that several agents of a machine can serve.
    const [name = '', [{ address: own = '' } = {}] = []] =
      Object.entries(networkInterfaces()).find(([, all]) =>
        all?.some((one) => one.family === 'IPv4' && !one.internal),
      ) ?? [];
    const other = { bridge: name, cidr: `${own}/32` };
    const addresses = { ...addressesThere, of: bridgeAddress.of };
    const beside = new SocketNameServer({ clock, port, resolverFile, addresses });
    closing.push(() => beside.stop());
    expect(await beside.serve({ address: '127.0.0.1', pods: other, answer: zone })).toEqual({
      address: own,
      problem: expect.stringContaining('another program has that port'),
    });
    expect(wordsOf(await askUdp(question('web.local', 'A'), port, own)).code).toBe('NOERROR');
    const nowhere = new SocketNameServer({ clock, port: 0, resolverFile });
    await expect(
      nowhere.serve({ address: '192.0.2.77', pods: { ...pods, bridge: 'no-such-0' }, answer: zone }),
    ).rejects.toThrow(/^192\.0\.2\.77 cannot be given to no-such-0: /);
  });
});

describe('a question about other names', () => {
  it('goes to the host’s server, is kept as long as that says, and counts down', async () => {
    const virtual = new VirtualClock(0);
    const { port: forwardPort, asked } = await upstream((query) => addresses(query, ['192.0.2.1'], { ttl: 60 }));
    const server = new SocketNameServer({
      clock: virtual,
      port: 0,
      forwardPort,
      resolverFile,
      addresses: addressesThere,
    });
    closing.push(() => server.stop());
    await server.serve({ address: '127.0.0.1', pods, answer: zone });
    const { port = 0 } = server;
    expect(await ask(port, 'www.test')).toEqual({ code: 'NOERROR', flags: 'ra', answers: ['A www.test 60 192.0.2.1'] });
    virtual.advanceTo(virtual.monotonic() + 45_000);
    expect(await ask(port, 'WWW.test')).toMatchObject({ answers: [expect.stringMatching(/^A www\.test 15 /i)] });
    expect(asked).toHaveLength(1);
    virtual.advanceTo(virtual.monotonic() + 16_000);
    expect(await ask(port, 'www.test')).toMatchObject({ answers: ['A www.test 60 192.0.2.1'] });
    expect(asked).toHaveLength(2);
  });
  it('that has no answer is kept as its authority says, and a failure is not', async () => {
    const { port: forwardPort, asked } = await upstream((query) =>
      query.questions?.[0]?.name === 'none.test' ? noSuchName(query) : noSuchName(query, { rcode: 2 }),
    );
    const port = await serve({ forwardPort });
    for (let n = 0; n < 2; n++) expect(await ask(port, 'none.test')).toMatchObject({ code: 'NXDOMAIN' });
    expect(asked).toHaveLength(1);
    for (let n = 0; n < 2; n++) expect(await ask(port, 'failing.test')).toMatchObject({ code: 'SERVFAIL' });
    expect(asked).toHaveLength(3);
  });
  it('is asked once, however many ask at a time', async () => {
    const { port: forwardPort, asked } = await upstream((query) => addresses(query, ['192.0.2.1'], { ttl: 0 }));
    const port = await serve({ forwardPort });
    const all = await Promise.all(
      Array.from({ length: 20 }, (_, id) => askUdp(question('www.test', 'A', { id }), port)),
    );
    expect(all.map((message) => message.readUInt16BE(0))).toEqual(Array.from({ length: 20 }, (_, id) => id));
    expect(asked.length).toBeLessThan(20);
  });
  it('takes no answer with another id, to another question or from another address', async () => {
    const { port: forwardPort } = await upstream((query) => [
      addresses(query, ['6.6.6.1'], { id: ((query.id ?? 0) + 1) & 0xffff }),
      addresses({ ...query, questions: [{ type: 'A', name: 'evil.test' }] }, ['6.6.6.2']),
      packet.encode({ ...query, type: 'query' }),
      Buffer.from('rubbish'),
      addresses(query, ['192.0.2.1']),
    ]);
    const port = await serve({ forwardPort });
    expect(await ask(port, 'www.test')).toMatchObject({ answers: ['A www.test 60 192.0.2.1'] });
  });
  it('goes by TCP when the answer does not fit, and is truncated for the client that cannot take it', async () => {
    const all = Array.from({ length: 100 }, (_, n) => `192.0.2.${n}`);
    const { port: forwardPort, asked } = await upstream((query, over) =>
      over === 'udp' ? addresses(query, [], { flags: packet.TRUNCATED_RESPONSE }) : addresses(query, all),
    );
    const port = await serve({ forwardPort });
    expect(await ask(port, 'www.test')).toMatchObject({ flags: 'tc ra', answers: [] });
    expect(asked).toEqual(['udp www.test A', 'tcp www.test A']);
    const [whole] = await askTcp(framed(question('www.test', 'A')), port);
    expect(whole && wordsOf(whole).answers.length).toBe(100);
    // Out of the cache.
    expect(asked).toHaveLength(2);
  });
  it('goes to the next server when one is dead, silent or helpless, and to the one that answered from then on', async () => {
    const good = await upstream((query) => addresses(query, ['192.0.2.1'], { ttl: 0 }));
    const silent = await upstream(() => undefined, { address: '127.0.0.3', port: good.port });
    const helpless = await upstream((query) => noSuchName(query, { rcode: 5 }), {
      address: '127.0.0.4',
      port: good.port,
    });
    writeFileSync(resolverFile, 'nameserver 127.0.0.4\nnameserver 127.0.0.3\nnameserver 127.0.0.2\n');
    const forwarder = new Forwarder({
      clock,
      servers: new ResolverFile(clock, resolverFile),
      port: good.port,
      tryMs: 200,
    });
    const query = {
      id: 1,
      flags: 0x100,
      question: question('www.test', 'A').subarray(12),
      name: 'www.test',
      type: 'A',
      typeCode: 1,
    };
    expect((await forwarder.resolve(query, []))?.response.rcode).toBe(0);
    expect((await forwarder.resolve(query, []))?.response.rcode).toBe(0);
    expect([helpless.asked.length, silent.asked.length, good.asked.length]).toEqual([1, 1, 2]);
    // Nobody listens at 127.0.0.9: known at once, not by a time-out.
    writeFileSync(resolverFile, 'nameserver 127.0.0.9\n');
    const lonely = new Forwarder({ clock, servers: new ResolverFile(clock, resolverFile), port: good.port });
    const started = performance.now();
    expect(await lonely.resolve(query, [])).toBeUndefined();
    expect(performance.now() - started).toBeLessThan(1000);
  });
  it('never goes to the address that it came to, and fails when there is no server', async () => {
    const good = await upstream((query) => addresses(query, ['192.0.2.1']));
    writeFileSync(resolverFile, `nameserver 127.0.0.1\nsearch x\n`);
    const port = await serve({ forwardPort: good.port });
    expect(await ask(port, 'www.test')).toMatchObject({ code: 'SERVFAIL' });
    // The file is followed.
    writeFileSync(resolverFile, `nameserver 127.0.0.1\nnameserver 127.0.0.2\nsearch x y\n`);
    await new Promise((resolve) => setTimeout(resolve, 1100));
    expect(await ask(port, 'www.test')).toMatchObject({ answers: ['A www.test 60 192.0.2.1'] });
  });
  it('behind an alias of the zone has its records behind the alias', async () => {
    const { port: forwardPort } = await upstream((query) => addresses(query, ['192.0.2.1']));
    const port = await serve({ forwardPort });
    expect(await ask(port, 'alias.local')).toMatchObject({
      answers: ['CNAME alias.local 30 www.test', 'A www.test 60 192.0.2.1'],
    });
  });
});

describe('the servers of the host', () => {
  it('are those behind the stub of systemd-resolved, where that says them', async () => {
    const behind = join(folder, 'behind.conf');
    writeFileSync(resolverFile, 'nameserver 127.0.0.53\n');
    expect(await new ResolverFile(clock, resolverFile, join(folder, 'none')).current([])).toEqual(['127.0.0.53']);
    writeFileSync(behind, '# x\nnameserver 192.0.2.53\nnameserver fe80::1%eth0\nnameserver rubbish\n');
    expect(await new ResolverFile(clock, resolverFile, behind).current([])).toEqual(['192.0.2.53', 'fe80::1%eth0']);
    expect(await new ResolverFile(clock, join(folder, 'none'), join(folder, 'none')).current([])).toEqual([]);
  });
});

describe('what is kept of other servers', () => {
  it('is bounded in bytes: what was not asked for longest goes first', async () => {
    const { port, asked } = await upstream((query) => addresses(query, ['192.0.2.1']));
    const forwarder = new Forwarder({ clock, servers: new ResolverFile(clock, resolverFile), port, cacheBytes: 1200 });
    const resolve = async (name: string): Promise<void> => {
      const query = { id: 1, flags: 0x100, question: question(name, 'A').subarray(12), name, type: 'A', typeCode: 1 };
      await forwarder.resolve(query, []);
    };
    for (const name of ['a.test', 'b.test', 'a.test', 'c.test', 'a.test', 'd.test', 'a.test']) await resolve(name);
    expect(asked.map((words) => words.split(' ')[1])).toEqual(['a.test', 'b.test', 'c.test', 'd.test']);
    await resolve('b.test');
    expect(asked).toHaveLength(5);
  });
});
