import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { masked } from './testing/masked.js';
import { TestServer } from './testing/test-server.js';

interface Asked {
  readonly method: string;
  readonly path: string;
  readonly type?: string;
  readonly accept?: string;
  readonly body?: unknown;
}
interface Answered {
  readonly status: number;
  readonly warning?: string;
  readonly body: unknown;
}
const file = join(process.cwd(), 'libs/http/src/golden/genuine-answers.json');
const recorded = JSON.parse(readFileSync(file, 'utf8')) as readonly (readonly [Asked, Answered])[];

/**
 * Requests that a differential fuzz found to be answered otherwise, with what a genuine 1.35.4 server answers. They are asked
 * in their order.
 */
describe('odd requests are answered as a genuine server does:', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await TestServer.start();
  });
  afterAll(() => server.stop());

  it.each(
    recorded.map(([asked, answered], i) => {
      const what = `${i} ${asked.method} ${asked.path} ${JSON.stringify(asked.body ?? '')}`.slice(0, 160);
      return [what, asked, answered] as const;
    }),
  )('%s', async (_what, { method, path, type, accept, body }, answered) => {
    const headers = { accept: accept ?? 'application/json', 'user-agent': 'recorder/1' };
    const reply = await server.ask({
      method,
      path,
      headers,
      ...(body !== undefined && { body, type: type ?? 'application/json' }),
    });
    const warning = reply.headers.warning;
    expect({ status: reply.code, ...(warning && { warning }), body: masked(reply.text) }).toEqual(answered);
  });
});
