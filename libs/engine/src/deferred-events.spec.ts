import { describe, expect, it } from '@jest/globals';
import type { RecordedEvent } from '#ports';
import { DeferredEvents } from './deferred-events.js';

const eventAt = (position: number) => ({ position, bytes: 100 }) as RecordedEvent;
const positions = (events: readonly RecordedEvent[]) => events.map(({ position }) => position);

describe('events that a rebuild sets aside', () => {
  it('come back by their streams, each once, though the lists that held them are used again', () => {
    const deferred = new DeferredEvents<string>();
    for (const position of [1, 2, 3, 4]) deferred.add(position % 2 ? 'odd' : 'even', eventAt(position));
    expect(positions(deferred.take('odd'))).toEqual([1, 3]);
    deferred.add('other', eventAt(5));
    expect(positions(deferred.take('other'))).toEqual([5]);
    expect(positions(deferred.take('even'))).toEqual([2, 4]);
    expect([deferred.take('odd'), deferred.bytesBehind]).toEqual([[], 0]);
  });

  it('lie behind by what came after the first of a stream', () => {
    const deferred = new DeferredEvents<string>();
    deferred.add('a', eventAt(1));
    deferred.take('a');
    deferred.add('b', eventAt(2));
    deferred.add('a', eventAt(3));
    expect([deferred.bytesBehind, ...deferred.behind(100)]).toEqual([200, 'b']);
  });
});
