import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { HttpsAnswer, HttpsQuestion } from '#model';
import { OUT_OF_TIME, type Asker } from '#ports';

/** A server that answers `/echo` with what it was asked, `/never` never and `/down` not at all. */
export interface AskedServer {
  readonly asker: Asker;
  question(path: string, timeoutMs?: number): HttpsQuestion;
  close(): Promise<void>;
}

export function askerContract(name: string, open: () => Promise<AskedServer>): void {
  describe(`the asker over ${name}`, () => {
    let server: AskedServer;
    beforeAll(async () => {
      server = await open();
    });
    afterAll(() => server.close());
    const ask = (path: string, timeoutMs = 5_000): Promise<HttpsAnswer> =>
      server.asker.ask(server.question(path, timeoutMs));

    it('brings the answer', async () => {
      expect(await ask('/echo')).toEqual({ is: 'answered', status: 200, body: { asked: '/echo' } });
    });
    it('has an answer for each of many questions at once', async () => {
      const answers = await Promise.all(Array.from({ length: 400 }, () => ask('/echo', 30_000)));
      expect(answers.filter(({ is }) => is === 'answered')).toHaveLength(400);
    });
    it('fails when the time is up, and not before', async () => {
      const began = performance.now();
      expect(await ask('/never', 300)).toEqual({ is: 'failed', why: OUT_OF_TIME });
      expect(performance.now() - began).toBeGreaterThan(250);
    });
    it('fails, and does not reject, when nobody is there', async () => {
      expect(await ask('/down')).toMatchObject({ is: 'failed' });
    });
    it('brings answers to others while one server does not answer', async () => {
      const slow = Array.from({ length: 20 }, () => ask('/never', 2_000));
      expect(await ask('/echo', 1_500)).toMatchObject({ is: 'answered' });
      await Promise.all(slow);
    });
  });
}
