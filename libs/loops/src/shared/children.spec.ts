import { describe, expect, it } from '@jest/globals';
import { pods } from '#kinds';
import { streamOf, type KubeObject, type StreamState, type View } from '#model';
import { nextChildren } from './children.js';

const owner = { apiVersion: 'batch/v1', kind: 'Job', metadata: { name: 'sum', namespace: 'default', uid: 'u' } };
const at = { revision: 0, position: 7 };

/** What an owner's next children are called where it had so many, and some streams are there. */
function next(had: number, states: Readonly<Record<string, StreamState>> = {}) {
  const view = { childrenEver: () => had, stream: (name: string) => states[name] } as unknown as View;
  return nextChildren(view, owner as KubeObject, pods, 2);
}
const [first, second] = next(0).names as readonly [{ name: string; uid: string }, { name: string; uid: string }];
const stream = streamOf(pods.id, 'default', first.name);

describe('the next children of an owner', () => {
  it('are the same for whoever sees the same, and others once there were some', () => {
    expect(next(0).names).toEqual([first, second]);
    expect(next(1).names[0]).toEqual(second);
  });
  it('leave out a name that another object has, and one that is ahead of its turn', () => {
    const pod = (uid: string): StreamState => ({
      ...at,
      object: { metadata: { name: first.name, uid } } as KubeObject,
    });
    expect(next(0, { [stream]: pod('other') })).toMatchObject({ names: [second, {}], ahead: [] });
    expect(next(0, { [stream]: pod(first.uid) })).toMatchObject({ names: [second, {}], ahead: [{}] });
  });
  it('have a name in whose stream only a writer that was voted out has appended: its creation may come once more', () => {
    const nothing = { ...at, object: undefined, ended: { at: '2026-01-01T00:00:00Z', uid: '' } };
    expect(next(0, { [stream]: nothing }).names).toEqual([first, second]);
  });
  it('leave out the name of one that went', () => {
    const gone = { ...at, object: undefined, ended: { at: '2026-01-01T00:00:00Z', uid: 'other' } };
    expect(next(0, { [stream]: gone }).names[0]).toEqual(second);
  });
});
