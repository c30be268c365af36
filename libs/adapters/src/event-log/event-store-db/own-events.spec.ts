import { describe, expect, it } from '@jest/globals';
import { OwnEvents } from './own-events.js';

describe('own events', () => {
  it('are those whose text came back as it was sent, once', () => {
    const own = new OwnEvents();
    own.isFollowed = true;
    own.sent('a', { number: 7, body: 'text' });
    own.sent('b', { number: 8, body: 'text' });
    expect(own.take('a', 'text')).toBe(7);
    expect(own.take('a', 'text')).toBe(-1);
    expect(own.take('b', 'another text')).toBe(-1);
    expect(own.take('c', 'text')).toBe(-1);
  });

  it('are bounded by their bytes, the newest kept, and none where nobody takes them', () => {
    const own = new OwnEvents();
    own.sent('early', { number: 1, body: 'x' });
    expect(own.take('early', 'x')).toBe(-1);
    own.isFollowed = true;
    const large = 'x'.repeat(6 * 1024 * 1024);
    for (let number = 0; number < 4; number++) own.sent(`${number}`, { number, body: large });
    expect([0, 1, 2, 3].map((number) => own.take(`${number}`, large))).toEqual([-1, -1, 2, 3]);
  });
});
