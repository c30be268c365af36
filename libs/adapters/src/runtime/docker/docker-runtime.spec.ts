import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import Docker from 'dockerode';
import { randomUUID } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pack } from 'tar-stream';
import type { SandboxSpec } from '#ports';
import { PLAIN_CONTAINER, PLAIN_SANDBOX, runtimeContract } from '../runtime.contract.js';
import type { RuntimeUnderTest, TestProgram } from '../runtime.contract.js';
import { FilePodVolumes } from '../../pod-volumes/index.js';
import { DockerRuntime, networkName } from './docker-runtime.js';
import { waitingProgram } from './infra-image.js';

const IMAGE = 'shiplog.local/runtime-spec:1';
const SHELL: Readonly<Record<TestProgram, string>> = {
  waits: 'trap "exit 0" TERM; while true; do sleep 0.05; done',
  'exits-3': 'exit 3',
  prints: 'echo one; echo two; echo three',
  'cannot-start': '',
  'ignores-term': 'trap "" TERM; while true; do sleep 0.05; done',
};

/** An image of nothing but Debian's static busybox. */
async function busyboxArchive(): Promise<Buffer> {
  const archive = pack();
  for (const folder of ['bin', 'tmp', 'etc']) archive.entry({ name: `${folder}/`, type: 'directory', mode: 0o755 });
  archive.entry({ name: 'bin/busybox', mode: 0o755 }, readFileSync('/bin/busybox'));
  for (const tool of ['sh', 'sleep', 'echo', 'cat', 'hostname', 'ip', 'kill'])
    archive.entry({ name: `bin/${tool}`, type: 'symlink', linkname: 'busybox' });
  archive.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of archive) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

describe('Docker', () => {
  const owner = { cluster: randomUUID(), node: 'spec' };
  const runtime = new DockerRuntime();
  const under: RuntimeUnderTest = {
    runtime,
    owner,
    image: IMAGE,
    // Every Docker has it, beside being its default.
    runtimeHandler: 'runc',
    commandOf: (program) => (program === 'cannot-start' ? ['/no/such/file'] : ['/bin/sh', '-c', SHELL[program]]),
    until: async (look) => {
      for (let i = 0; i < 200; i++) {
        const found = await look();
        if (found !== undefined) return found;
        await sleep(50);
      }
      throw new Error('it did not come to that');
    },
  };
  beforeAll(async () => {
    await runtime.importImage(IMAGE, await busyboxArchive(), { command: ['sh'] });
    await runtime.prepare({ ...owner, podCidr: '10.247.31.0/24' });
  });
  afterAll(async () => {
    await Promise.all((await runtime.containers(owner)).map((c) => runtime.remove(c.id)));
    const docker = new Docker();
    await docker.getNetwork(networkName(owner)).remove();
    await docker.getImage(IMAGE).remove();
  });

  runtimeContract(() => under);

  const sandbox: SandboxSpec = {
    ...PLAIN_SANDBOX,
    labels: {
      ...owner,
      namespace: 'default',
      pod: 'p',
      uid: 'own',
      container: 'POD',
      role: 'infra',
      attempt: 0,
      specHash: '',
    },
    hostname: 'its-name',
  };
  it('joins containers to the network and the name of their sandbox, reachable from other pods', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'shiplog-runtime-'));
    chmodSync(folder, 0o777);
    const one = await runtime.startSandbox(sandbox);
    const two = await runtime.startSandbox({ ...sandbox, labels: { ...sandbox.labels, uid: 'own-2' } });
    const base = {
      ...PLAIN_CONTAINER,
      image: IMAGE,
      security: {
        ...PLAIN_CONTAINER.security,
        supplementalGroups: [7],
        user: 1000,
        group: 3000,
        readOnlyRootFilesystem: true,
        noNewPrivileges: true,
        seccomp: 'default',
      },
    };
    const id = await runtime.createContainer({
      ...base,
      labels: { ...sandbox.labels, container: 'c', role: 'app' },
      sandboxId: one.id,
      command: ['/bin/sh', '-c', 'hostname > /www/index.html; exec busybox httpd -f -p 8080 -h /www'],
      mounts: [{ source: folder, target: '/www', readOnly: false }],
    });
    await runtime.startContainer(id);
    const other = await runtime.createContainer({
      ...base,
      labels: { ...sandbox.labels, uid: 'own-2', container: 'c', role: 'app' },
      sandboxId: two.id,
      command: ['/bin/sleep', '60'],
    });
    await runtime.startContainer(other);
    const address = one.ips?.[0] ?? '';
    const answer = await under.until(async () => {
      const asked = await runtime.exec(other, ['/bin/sh', '-c', `echo 'GET / HTTP/1.0' | busybox nc ${address} 8080`], {
        timeoutMs: 2000,
        outputBytesMax: 1000,
      });
      return asked.output.includes('its-name') ? asked.output : undefined;
    });
    expect(answer).toMatch(/its-name\n$/);
    const slow = await runtime.exec(other, ['/bin/sh', '-c', 'echo 0123456789abc; sleep 30'], {
      timeoutMs: 500,
      outputBytesMax: 10,
    });
    expect(slow).toMatchObject({ timedOut: true, output: '0123456789' });
    const who = await runtime.exec(id, ['/bin/busybox', 'id'], { timeoutMs: 5000, outputBytesMax: 1000 });
    expect(who.output).toBe('uid=1000 gid=3000 groups=7,3000\n');
    const status = await runtime.exec(id, ['/bin/sh', '-c', 'cat /proc/self/status; echo x > /file'], {
      timeoutMs: 5000,
      outputBytesMax: 10_000,
    });
    rmSync(folder, { recursive: true });
    expect(status.exitCode).toBe(1);
    expect(status.output).toMatch(/NoNewPrivs:\t1[\s\S]*Seccomp:\t2/);
    expect(status.output).toContain('Read-only file system');
  });
  it('says that the range of the node is full, and starts the pod once another one has ended', async () => {
    const small = { cluster: owner.cluster, node: 'small' };
    const full = new DockerRuntime();
    const of = (uid: string): SandboxSpec => ({ ...sandbox, labels: { ...sandbox.labels, ...small, uid } });
    // Beside the range's own address and the gateway's, there is one.
    await full.prepare({ ...small, podCidr: '10.247.32.0/30' });
    const first = await full.startSandbox(of('first'));
    const message =
      "all addresses of 10.247.32.0/30, the range of this node's pods, are taken: end pods, or move them to other nodes";
    for (let i = 0; i < 2; i++)
      await expect(full.startSandbox(of('second'))).rejects.toMatchObject({ name: 'RuntimeFault', message });
    // However often it is tried, there is one sandbox, which goes like any other.
    expect((await full.containers(small, 'second')).map(({ state }) => state)).toEqual(['exited']);
    await full.remove(first.id);
    const second = await full.startSandbox(of('second'));
    expect(second.ips).toEqual(first.ips);
    await full.remove(second.id);
    expect(await full.containers(small)).toEqual([]);
    await new Docker().getNetwork(networkName(small)).remove();
  });
  it('gives pods addresses of both families, and keeps a network that is used', async () => {
    const dual = { cluster: owner.cluster, node: 'dual' };
    const both = new DockerRuntime();
    const ranges = { podCidr: '10.247.33.0/24', podCidrIpv6: 'fd00:247:33::/64' };
    await both.prepare({ ...dual, podCidr: ranges.podCidr });
    expect(await both.podNetwork()).not.toHaveProperty('cidrIpv6');
    await both.prepare({ ...dual, ...ranges });
    expect(await both.podNetwork()).toMatchObject({ cidr: ranges.podCidr, cidrIpv6: ranges.podCidrIpv6 });
    const pod = await both.startSandbox({ ...sandbox, labels: { ...sandbox.labels, ...dual, uid: 'dual' } });
    expect(pod.ips).toEqual([expect.stringMatching(/^10\.247\.33\./), expect.stringMatching(/^fd00:247:33::/)]);
    await both.prepare({ ...dual, podCidr: ranges.podCidr });
    expect(await both.podNetwork()).toHaveProperty('cidrIpv6');
    await expect(both.prepare({ ...dual, ...ranges, podCidrIpv6: 'fd00:247:34::/64' })).rejects.toMatchObject({
      reason: 'network',
      message:
        'pods of this node have addresses of 10.247.33.0/24 and fd00:247:33::/64, and its range is 10.247.33.0/24 and fd00:247:34::/64 now: drain the node',
    });
    await both.remove(pod.id);
    await new Docker().getNetwork(networkName(dual)).remove();
  });
  it('filters system calls by the default profile and by one of a file, and says what it can enforce', async () => {
    const info = (await new Docker().info()) as { SecurityOptions: readonly string[] };
    const has = (name: string): boolean => info.SecurityOptions.some((option) => option.startsWith(`name=${name}`));
    const enforces = { appArmor: has('apparmor'), seLinux: has('selinux'), seccomp: has('seccomp') };
    expect((await runtime.info()).security).toEqual(enforces);
    const folder = mkdtempSync(join(tmpdir(), 'shiplog-seccomp-'));
    const file = join(folder, 'no-folders.json');
    const calls = [{ names: ['mkdir', 'mkdirat'], action: 'SCMP_ACT_ERRNO' }];
    writeFileSync(file, JSON.stringify({ defaultAction: 'SCMP_ACT_ALLOW', syscalls: calls }));
    const pod = await runtime.startSandbox({ ...sandbox, labels: { ...sandbox.labels, uid: 'seccomp' } });
    const outputOf = async (name: string, seccomp: string): Promise<string> => {
      const id = await runtime.createContainer({
        ...PLAIN_CONTAINER,
        image: IMAGE,
        security: { ...PLAIN_CONTAINER.security, seccomp },
        labels: { ...sandbox.labels, uid: 'seccomp', container: name, role: 'app' },
        sandboxId: pod.id,
        command: ['/bin/sleep', '60'],
      });
      await runtime.startContainer(id);
      const script = 'exec 2>&1; busybox grep Seccomp: /proc/self/status; busybox mkdir /tmp/x && echo made';
      return (await runtime.exec(id, ['/bin/sh', '-c', script], { timeoutMs: 5000, outputBytesMax: 1000 })).output;
    };
    expect(await outputOf('silent', 'default')).toBe('Seccomp:\t2\nmade\n');
    expect(await outputOf('local', file)).toMatch(/^Seccomp:\t2\n.*not permitted/);
    await expect(outputOf('missing', join(folder, 'missing.json'))).rejects.toThrow(/ENOENT.*missing\.json/);
    rmSync(folder, { recursive: true });
  });
  it('mounts the part of a volume that was checked, though a container swaps its name for a link', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'shiplog-subpath-'));
    const outside = join(folder, 'outside');
    mkdirSync(outside);
    writeFileSync(join(outside, 'which'), 'outside');
    const engineSees = (at: string, name: string): Promise<boolean> => runtime.sees(at, name);
    expect(await engineSees(outside, 'which')).toBe(true);
    expect(await engineSees(outside, 'missing')).toBe(false);
    const volumes = new FilePodVolumes({
      folder: join(folder, 'agent'),
      memoryFolder: join(folder, 'memory'),
      engineSees,
    });
    const path = await volumes.put('subpath', { is: 'empty', name: 'v', medium: '' });
    const pod = await runtime.startSandbox({ ...sandbox, labels: { ...sandbox.labels, uid: 'subpath' } });
    const start = async (name: string, source: string, command: string): Promise<string> => {
      const id = await runtime.createContainer({
        ...PLAIN_CONTAINER,
        image: IMAGE,
        labels: { ...sandbox.labels, uid: 'subpath', container: name, role: 'app' },
        sandboxId: pod.id,
        command: ['/bin/sh', '-c', `${command}; exec sleep 60`],
        mounts: [{ source, target: '/v', readOnly: false }],
      });
      await runtime.startContainer(id);
      return id;
    };
    const exec = async (id: string, command: string): Promise<string> =>
      (await runtime.exec(id, ['/bin/sh', '-c', command], { timeoutMs: 5000, outputBytesMax: 1000 })).output;
    const evil = await start('evil', path, 'busybox mkdir /v/part; echo inside > /v/part/which');
    await under.until(() => Promise.resolve(existsSync(join(path, 'part', 'which')) || undefined));
    const source = await volumes.subPath('subpath', 'v', path, 'part');
    await exec(evil, `busybox mv /v/part /v/kept; busybox ln -s ${outside} /v/part`);
    const victim = await start('victim', source, 'true');
    expect(await exec(victim, 'cat /v/which')).toBe('inside\n');
    await exec(victim, 'echo changed > /v/which');
    expect(await exec(evil, 'cat /v/kept/which')).toBe('changed\n');
    await Promise.all([runtime.remove(evil), runtime.remove(victim)]);
    await volumes.removePod('subpath');
    rmSync(folder, { recursive: true });
  });
  it('makes its infra program for both architectures', () => {
    for (const [architecture, machine] of [
      ['amd64', 62],
      ['arm64', 183],
    ] as const) {
      const program = Buffer.from(waitingProgram(architecture));
      expect(program.subarray(0, 4).toString('latin1')).toBe('\x7fELF');
      expect(program.readUInt16LE(18)).toBe(machine);
      expect(program.length).toBeLessThan(320);
      expect(program.readBigUInt64LE(96)).toBe(BigInt(program.length));
    }
  });
});
