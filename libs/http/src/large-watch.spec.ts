import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { JsonObject } from '#std';
import { request, type IncomingMessage } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { TestServer } from './testing/test-server.js';

const MAPS = '/api/v1/namespaces/default/configmaps';
const LARGE = 'x'.repeat(700_000);
const LARGE_COUNT = 30;

interface Line {
  readonly type: string;
  readonly object: JsonObject & { readonly metadata: JsonObject };
}

describe('a watch that begins with more than a watcher may leave unread', () => {
  let server: TestServer;
  let writes = 0;
  let isWriting = true;
  let writer: Promise<void>;

  beforeAll(async () => {
    server = await TestServer.start();
    for (let i = 0; i < LARGE_COUNT; i++)
      await server.create(MAPS, { metadata: { name: `large-${i}` }, data: { large: LARGE } });
    await server.create(MAPS, { metadata: { name: 'busy' }, data: { n: '0' } });
    writer = (async () => {
      for (; isWriting; writes++) {
        const body = { data: { n: String(writes + 1) } };
        await server.ask({ method: 'PATCH', path: `${MAPS}/busy`, body, type: 'application/merge-patch+json' });
        await sleep(5);
      }
    })();
  });
  afterAll(async () => {
    isWriting = false;
    await writer;
    await server.stop();
  });

  /** Reads as a slow client does, a chunk and a pause, until `isEnough`. */
  async function read(query: string, isEnough: (lines: readonly Line[]) => boolean): Promise<readonly Line[]> {
    const path = `${MAPS}?watch=true&${query}`;
    const answer = await new Promise<IncomingMessage>((resolve) =>
      request({ host: '127.0.0.1', port: server.port, path }, resolve).end(),
    );
    const lines: Line[] = [];
    let rest: Buffer[] = [];
    for await (const chunk of answer as AsyncIterable<Buffer>) {
      let from = 0;
      for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, from)) {
        lines.push(JSON.parse(Buffer.concat([...rest, chunk.subarray(from, end)]).toString()) as Line);
        rest = [];
        from = end + 1;
      }
      rest.push(chunk.subarray(from));
      if (isEnough(lines)) break;
      await sleep(2);
    }
    answer.destroy();
    return lines;
  }
  const numberOf = ({ object }: Line): number => Number((object['data'] as { n?: string } | undefined)?.n);

  it('comes to its end while something changes all the time, and then shows every change since', async () => {
    const before = writes;
    const query = 'sendInitialEvents=true&allowWatchBookmarks=true&resourceVersionMatch=NotOlderThan';
    const isMark = ({ type }: Line): boolean => type === 'BOOKMARK';
    const lines = await read(query, (all) => all.slice(all.findIndex(isMark)).length > 50 && all.some(isMark));
    const mark = lines.findIndex(isMark);
    expect(lines.slice(0, mark).map(({ type }) => type)).toEqual(Array(LARGE_COUNT + 1).fill('ADDED'));
    expect(lines[mark]?.object.metadata['annotations']).toEqual({ 'k8s.io/initial-events-end': 'true' });
    const listed = numberOf(lines.find(({ object }) => object.metadata['name'] === 'busy') as Line);
    expect(listed).toBeGreaterThanOrEqual(before);
    const later = lines.slice(mark + 1).map(numberOf);
    expect(later.length).toBeGreaterThanOrEqual(50);
    expect(later).toEqual(later.map((_, i) => listed + 1 + i));
  });
});
