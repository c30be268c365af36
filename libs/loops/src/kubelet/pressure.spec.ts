import { describe, expect, test } from '@jest/globals';
import type { MachineReading } from '#model';
import * as kubelet from './index.js';

const GI = 2 ** 30;
const MINUTE = 60_000;
const fileSystem = { usedBytes: 5 * GI, capacityBytes: 10 * GI, availableBytes: 5 * GI, inodes: 1000, inodesFree: 500 };
const WELL: MachineReading = {
  startedAt: 0,
  cpus: 4,
  memoryBytes: 8 * GI,
  memory: { usage: 3 * GI, workingSet: 2 * GI, rss: GI },
  pids: 300,
  pidsMax: 32_768,
  fileSystem,
  imageFileSystem: fileSystem,
};
const memoryLeft = (bytes: number): MachineReading => ({
  ...WELL,
  memory: { usage: 8 * GI, workingSet: 8 * GI - bytes, rss: 0 },
});
const disk = (more: object): MachineReading => ({ ...WELL, fileSystem: { ...fileSystem, ...more } });
const images = (more: object): MachineReading => ({ ...WELL, imageFileSystem: { ...fileSystem, ...more } });
const { fileSystem: _one, imageFileSystem: _other, pidsMax: _most, ...withoutDisks } = WELL;

/** Pressures after these measurements, a minute apart, and at the last of them. */
function pressures(...machines: readonly MachineReading[]): readonly string[] {
  let times: kubelet.PressureTimes = {};
  let nowMs = 0;
  for (const machine of machines) {
    nowMs += MINUTE;
    times = kubelet.pressureTimes(times, machine, { thresholds: kubelet.EVICTION_HARD, nowMs });
  }
  return kubelet.pressuresAt(times, nowMs);
}

describe('pressure on a node', () => {
  test.each<[string, MachineReading, readonly string[]]>([
    ['nothing is short', WELL, []],
    ['100 MiB of memory are left', memoryLeft(100 * 2 ** 20), []],
    ['one byte less', memoryLeft(100 * 2 ** 20 - 1), ['MemoryPressure']],
    ['a tenth of the disk is left', disk({ availableBytes: GI }), []],
    ['less', disk({ availableBytes: GI - 1 }), ['DiskPressure']],
    ['a twentieth of the inodes is left', disk({ inodesFree: 50 }), []],
    ['less of the inodes', disk({ inodesFree: 49 }), ['DiskPressure']],
    ['a file system that has no number of inodes', disk({ inodes: 0, inodesFree: 0 }), []],
    ['15% for images are left', images({ availableBytes: Math.floor(1.5 * GI) }), []],
    ['less for images', images({ availableBytes: Math.floor(1.5 * GI) - 1 }), ['DiskPressure']],
    ['less than a tenth of the PIDs is left', { ...WELL, pids: 32_768 - 3275 }, ['PIDPressure']],
    ['disks and PIDs were not measured', withoutDisks, []],
    [
      'all at once',
      { ...memoryLeft(0), pids: 32_768, fileSystem: { ...fileSystem, availableBytes: 0 } },
      ['MemoryPressure', 'DiskPressure', 'PIDPressure'],
    ],
  ])('%s', (_, machine, expected) => expect(pressures(machine)).toEqual(expected));

  test('stays for five minutes after it was measured last', () => {
    const short = memoryLeft(0);
    expect(pressures(short, WELL, WELL, WELL, WELL)).toEqual(['MemoryPressure']);
    expect(pressures(short, WELL, WELL, WELL, WELL, WELL)).toEqual([]);
    expect(pressures(short, WELL, WELL, short, WELL, WELL, WELL, WELL)).toEqual(['MemoryPressure']);
  });
  test('is neither made nor ended by a look that measures nothing', () => {
    const { memory: _, ...unmeasured } = WELL;
    expect(pressures(unmeasured)).toEqual([]);
    expect(pressures(memoryLeft(0), unmeasured)).toEqual(['MemoryPressure']);
  });
  test('has the words of a kubelet', () => {
    expect(kubelet.pressureWords('DiskPressure', true)).toEqual({
      reason: 'KubeletHasDiskPressure',
      message: 'kubelet has disk pressure',
    });
    expect(kubelet.pressureWords('PIDPressure', false).reason).toBe('KubeletHasSufficientPID');
    expect(kubelet.pressureEvent('MemoryPressure', true)).toBe('NodeHasInsufficientMemory');
  });
});

describe('thresholds', () => {
  test('are written as for a kubelet; those that are left out never apply', () => {
    expect(kubelet.evictionThresholds('memory.available<1Gi, nodefs.available<2.5%')).toEqual({
      'memory.available': { amount: GI },
      'nodefs.available': { share: 0.025 },
    });
    expect(kubelet.evictionThresholds('')).toEqual({});
    const thresholds = kubelet.evictionThresholds('nodefs.available<5%');
    if (typeof thresholds === 'string') throw new Error(thresholds);
    expect(kubelet.pressureTimes({}, memoryLeft(0), { thresholds, nowMs: 1 })).toEqual({});
  });
  test.each([
    ['memory<1Gi', '"memory<1Gi" is no threshold'],
    ['memory.available=1Gi', '"memory.available=1Gi" is no threshold'],
    ['toString<1', '"toString<1" is no threshold'],
    ['memory.available<much', '"much" is neither an amount like 100Mi nor a share from 0% to 99%'],
    ['memory.available<-1', '"-1" is neither'],
    ['memory.available<100%', '"100%" is neither'],
    ['memory.available<1Gi,memory.available<2Gi', 'it has memory.available twice'],
  ])('%s is refused', (text, why) => expect(kubelet.evictionThresholds(text)).toContain(why));
});
