import { describe, expect, it } from '@jest/globals';
import { wrongVersions, type Watched } from './watch-versions.js';

const event = (type: string, version: number | string, more: object = {}, uid = 'a'): Watched => ({
  type,
  object: { metadata: { uid, resourceVersion: String(version) }, ...more },
});
const bookmark = (version: number): Watched => ({
  type: 'BOOKMARK',
  object: { metadata: { resourceVersion: String(version) } },
});

describe('the versions of a watch', () => {
  it('only grow after the initial state, whose order is that of the names', () => {
    const right = [event('ADDED', 7, {}, 'b'), event('ADDED', 3), bookmark(9), event('MODIFIED', 12), bookmark(12)];
    expect(wrongVersions(right)).toEqual([]);
    expect(wrongVersions([...right, event('DELETED', 11)])).toEqual(['DELETED at 11 after 12']);
  });
  it('are one state each, the end included', () => {
    const two = [event('MODIFIED', 5, { status: 1 }), event('MODIFIED', 5, { status: 2 })];
    expect(wrongVersions(two)).toEqual(['two states of a at the version 5']);
    expect(wrongVersions([event('MODIFIED', 5), event('DELETED', 5)])).toEqual(['two states of a at the version 5']);
    const listed = [event('', 5, { status: 1 }).object];
    expect(wrongVersions([event('ADDED', 5, { status: 2 })], listed)).toEqual(['two states of a at the version 5']);
    expect(wrongVersions([event('ADDED', 5, { status: 1 })], listed)).toEqual([]);
  });
  it('are positions', () => {
    expect(wrongVersions([event('ADDED', '')])).toEqual(['ADDED has the version ""']);
  });
});
