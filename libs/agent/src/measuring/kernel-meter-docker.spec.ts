import { randomUUID } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import Docker from 'dockerode';
import { pack } from 'tar-stream';
import { DockerRuntime, networkName, NodeFileTrees, NodeKernelFiles, SystemClock } from '#adapters';
import type { ContainerReading } from '#model';
import type { ContainerLabels, MeteredPod, MeterReading } from '#ports';
import { PLAIN_CONTAINER, PLAIN_SANDBOX } from '../../../adapters/src/runtime/runtime.contract.js';
import { KernelMeter } from './kernel-meter.js';

const IMAGE = 'shiplog.local/meter-spec:1';
const TICKS_PER_SECOND = 100;

async function busyboxArchive(): Promise<Buffer> {
  const archive = pack();
  archive.entry({ name: 'bin/', type: 'directory', mode: 0o755 });
  archive.entry({ name: 'bin/busybox', mode: 0o755 }, readFileSync('/bin/busybox'));
  archive.entry({ name: 'bin/sh', type: 'symlink', linkname: 'busybox' });
  archive.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of archive) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

describe('a meter of this machine’s kernel', () => {
  const owner = { cluster: randomUUID(), node: 'meter-spec' };
  const runtime = new DockerRuntime();
  const clock = new SystemClock();
  const labels = (container: string, role: ContainerLabels['role']): ContainerLabels => ({
    ...owner,
    namespace: 'default',
    pod: 'p',
    uid: 'uid-1',
    container,
    role,
    attempt: 0,
    specHash: '',
  });
  beforeAll(async () => {
    await runtime.importImage(IMAGE, await busyboxArchive(), { command: ['sh'] });
    await runtime.prepare({ ...owner, podCidr: '10.247.33.0/24' });
  });
  afterAll(async () => {
    await Promise.all((await runtime.containers(owner)).map((c) => runtime.remove(c.id)));
    const docker = new Docker();
    await docker.getNetwork(networkName(owner)).remove();
    await docker.getImage(IMAGE).remove();
  });

  it('says of a busy loop of half a processor what its process’s own counters say, within 5 %', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'shiplog-meter-'));
    mkdirSync(join(folder, 'deep', 'er'), { recursive: true });
    writeFileSync(join(folder, 'deep', 'er', 'file'), new Uint8Array(1_000_000));
    const sandbox = { ...PLAIN_SANDBOX, labels: labels('POD', 'infra'), hostname: 'p' };
    const infra = await runtime.startSandbox(sandbox);
    const id = await runtime.createContainer({
      ...PLAIN_CONTAINER,
      labels: labels('busy', 'app'),
      sandboxId: infra.id,
      image: IMAGE,
      // One process, so that its own counters are all that the container uses.
      command: ['/bin/sh', '-c', 'while :; do :; done'],
      cpuMilliLimit: 500,
      memoryLimitBytes: 64 * 2 ** 20,
    });
    await runtime.startContainer(id);
    const found = await Promise.all([infra.id, id].map((one) => runtime.inspect(one)));
    const pod: MeteredPod = {
      uid: 'uid-1',
      namespace: 'default',
      name: 'p',
      startedAt: 0,
      hasHostNetwork: false,
      volumes: [{ name: 'files', path: folder }],
      containers: found.flatMap((shown) =>
        shown
          ? { ...shown, name: shown.labels.container, role: shown.labels.role, startedAt: shown.startedAt ?? 0 }
          : [],
      ),
    };
    const pid = pod.containers.at(-1)?.pid ?? 0;
    const trees = new NodeFileTrees();
    const meter = new KernelMeter({
      files: new NodeKernelFiles(),
      trees,
      clock,
      places: { pods: folder, images: '/' },
    });
    const read = (): MeterReading => meter.read([pod]);
    const busy = (reading: MeterReading): ContainerReading | undefined => reading.pods[0]?.containers[0];
    read();
    await sleep(500);
    const [first, firstTicks] = [read(), processTicks(pid)];
    const startedAt = performance.now();
    await sleep(6000);
    const [last, lastTicks] = [read(), processTicks(pid)];
    const seconds = (performance.now() - startedAt) / 1000;
    meter.close();
    rmSync(folder, { recursive: true });

    const used = ((busy(last)?.cpu?.usageNanos ?? NaN) - (busy(first)?.cpu?.usageNanos ?? NaN)) / 1e9;
    const ownCounters = (lastTicks - firstTicks) / TICKS_PER_SECOND;
    expect(Math.abs(used / ownCounters - 1)).toBeLessThan(0.05);
    // How much of its half it gets depends on what else this machine does; more than that it never gets.
    expect(used / seconds).toBeLessThan(0.55);
    expect(busy(last)?.cpu).toMatchObject({ limitMilli: 500 });
    expect(busy(last)?.cpu?.periods).toBeGreaterThan(0);
    expect(busy(last)?.cpu?.throttledPeriods).toBeGreaterThanOrEqual(0);
    expect(busy(last)?.memory).toMatchObject({ limit: 64 * 2 ** 20 });
    expect(busy(last)?.memory?.workingSet).toBeGreaterThan(0);
    expect(busy(last)?.pids).toBe(1);
    expect(last.pods[0]?.network?.map(({ name }) => name)).toEqual(['eth0']);
    const [volume] = last.pods[0]?.volumes ?? [];
    expect(volume).toMatchObject({ name: 'files', inodesUsed: 4 });
    expect(volume?.usedBytes).toBeGreaterThanOrEqual(1_000_000);
    expect(volume?.isPartial).toBeUndefined();
    expect(last.sandboxes.get('uid-1')?.memory?.usage).toBeGreaterThan(0);
    expect(last.machine.fileSystem?.capacityBytes).toBeGreaterThan(0);
  });
});

/** User and system time of a process in hundredths of a second. */
function processTicks(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'latin1')
    .replace(/^.*\) /s, '')
    .split(' ');
  return Number(fields[11]) + Number(fields[12]);
}
