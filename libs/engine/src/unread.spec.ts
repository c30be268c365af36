import { describe, expect, it } from '@jest/globals';
import type { RecordedEvent } from '#ports';
import { Unread } from './unread.js';

const eventAt = (position: number) => ({ position, bytes: 100 }) as RecordedEvent;
const positions = (events: readonly RecordedEvent[]) => events.map(({ position }) => position);

describe('events that a rebuild sets aside', () => {
  it('come back by their streams, each once, though the lists that held them are used again', () => {
    const unread = new Unread<string>();
    for (const position of [1, 2, 3, 4]) unread.add(position % 2 ? 'odd' : 'even', eventAt(position));
    expect(positions(unread.take('odd'))).toEqual([1, 3]);
    unread.add('other', eventAt(5));
    expect(positions(unread.take('other'))).toEqual([5]);
    expect(positions(unread.take('even'))).toEqual([2, 4]);
    expect([unread.take('odd'), unread.bytesBehind]).toEqual([[], 0]);
  });

  it('lie behind by what came after the first of a stream', () => {
    const unread = new Unread<string>();
    unread.add('a', eventAt(1));
    unread.take('a');
    unread.add('b', eventAt(2));
    unread.add('a', eventAt(3));
    expect([unread.bytesBehind, ...unread.behind(100)]).toEqual([200, 'b']);
  });
});
