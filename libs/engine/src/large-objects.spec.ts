import { describe, expect, it } from '@jest/globals';
import { MemoryEventLog } from '#adapters';
import { configMapKind, createRegistry, namespaceKind, secretKind } from '#kinds';
import { isRefusal } from '#model';
import { testCreate, testPatch, testPlane } from './testing.js';

const kinds = createRegistry([namespaceKind, configMapKind, secretKind]);
const EVENT_BYTES_MAX = 16 * 1024;
const WRITES = 40;

const base64Of = (i: number): string => Buffer.from(String(i).padStart(3, '0')).toString('base64');

describe('an object so large that an event with its snapshot exceeds the limit', () => {
  it.each([
    ['core.configmaps', 'x'.repeat(EVENT_BYTES_MAX * 0.6)],
    // Three bytes each in UTF-8: a limit counted in characters would not notice.
    ['core.configmaps', '界'.repeat(EVENT_BYTES_MAX * 0.2)],
    // Sealed, it is larger than in clear.
    ['core.secrets', 'QUJD'.repeat(EVENT_BYTES_MAX * 0.08)],
  ])('can be written any number of times (%s)', async (kind, value) => {
    const log = new MemoryEventLog({ eventBytesMax: EVENT_BYTES_MAX });
    const plane = testPlane(log, kinds);
    await plane.start();
    const writer = await plane.becomeWriter('test');
    await writer.submit(testCreate('core.namespaces', { metadata: { name: 'default' } }));
    await writer.submit(testCreate(kind, { metadata: { name: 'one', namespace: 'default' }, data: { value } }));
    for (let i = 0; i < WRITES; i++) {
      const result = await writer.submit(
        testPatch(kind, 'default', 'one', { data: { value: `${base64Of(i)}${value}` } }),
      );
      if (isRefusal(result)) throw new Error(`write ${i}: ${result.message}`);
    }
    const small = await writer.submit(testPatch(kind, 'default', 'one', { data: { value: 'QUJD' } }));
    expect(isRefusal(small)).toBe(false);
    for (let i = 0; i < WRITES; i++)
      await writer.submit(testPatch(kind, 'default', 'one', { data: { n: base64Of(i) } }));
    const ofStream = log.store.events.filter((event) => event.stream === `${kind}/default/one`);
    expect(ofStream.filter((event) => event.revision <= WRITES && 'snapshot' in event.data)).toEqual([]);
    expect(ofStream.filter((event) => 'snapshot' in event.data).length).toBeGreaterThanOrEqual(2);
    await plane.stop();
  });
});
