import { describe, expect, test } from '@jest/globals';
import * as kubelet from './index.js';

const CAPACITY = {
  cpu: '4',
  memory: '8388608Ki',
  'ephemeral-storage': '10485760Ki',
  pods: '110',
  'hugepages-2Mi': '0',
};
const allocatable = (reserved: readonly Readonly<Record<string, string>>[], thresholds = kubelet.EVICTION_HARD) =>
  kubelet.allocatableOf(CAPACITY, { reserved, thresholds });

describe('what pods may ask of a node', () => {
  test('is all but what evictions keep free', () => {
    expect(allocatable([])).toEqual({ ...CAPACITY, memory: '8286208Ki', 'ephemeral-storage': '9663676416' });
    expect(allocatable([], {})).toEqual({ ...CAPACITY, 'ephemeral-storage': '10737418240' });
  });
  test('and what is reserved for the system and the agent', () => {
    const reserved: Readonly<Record<string, string>>[] = [
      { cpu: '250m', memory: '1Gi' },
      { cpu: '0.5', memory: '1G', 'ephemeral-storage': '1Gi' },
    ];
    expect(allocatable(reserved)).toEqual({
      ...CAPACITY,
      cpu: '3250m',
      memory: String(7 * 2 ** 30 - 1e9 - 100 * 2 ** 20),
      'ephemeral-storage': '8589934592',
    });
    expect(allocatable([{ cpu: '1' }]).cpu).toBe('3');
  });
  test('is never less than nothing, and nothing is said in a sentence', () => {
    const reservation = { reserved: [{ cpu: '4' }, { cpu: '1m' }], thresholds: {} };
    expect(kubelet.allocatableOf(CAPACITY, reservation).cpu).toBe('0');
    expect(kubelet.reservationProblem(CAPACITY, reservation)).toBe(
      'nothing of the 4 of cpu that this node has is left for pods: reserve less of it',
    );
    expect(
      kubelet.reservationProblem(CAPACITY, { reserved: [{ memory: '8191Mi' }], thresholds: kubelet.EVICTION_HARD }),
    ).toContain('nothing of the 8388608Ki of memory that this node has');
    expect(kubelet.reservationProblem(CAPACITY, { reserved: [], thresholds: kubelet.EVICTION_HARD })).toBeUndefined();
  });
});

describe('what is reserved', () => {
  test('is an amount of each resource', () => {
    expect(kubelet.reservedAmounts('cpu=500m, memory=1Gi')).toEqual({ cpu: '500m', memory: '1Gi' });
    expect(kubelet.reservedAmounts('')).toEqual({});
  });
  test.each([
    ['cpu', '"cpu" is no part of a node: write it like cpu=500m, for cpu, memory, ephemeral-storage'],
    ['pods=10', '"pods=10" is no part of a node'],
    ['cpu=-1', '"-1" is no amount: write it like 500m or 1Gi'],
    ['memory=1GB', '"1GB" is no amount'],
    ['memory=', '"" is no amount'],
    ['cpu=1,cpu=2', 'it has cpu twice'],
  ])('%s is refused', (text, why) => expect(kubelet.reservedAmounts(text)).toContain(why));
});
