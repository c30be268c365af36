import { Writable } from 'node:stream';
import { ApiException, type V1Status } from '@kubernetes/client-node';
import { until } from './test-cluster.js';

/** Keeps what the library writes. */
export class Words extends Writable {
  text = '';
  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString();
    done();
  }
}
/** Waits until this is among it. */
export const said = (words: Words, text: string): Promise<string> =>
  until(
    `"${text}" is heard`,
    () => Promise.resolve(words.text),
    (heard) => heard.includes(text),
    20,
  );

/** What the library throws, with the Status that it carries as text. */
export async function refusal(call: Promise<unknown>): Promise<{ readonly code: number; readonly status: V1Status }> {
  const thrown: unknown = await call.then(
    () => new Error('it was not refused'),
    (error: unknown) => error,
  );
  if (!(thrown instanceof ApiException)) throw thrown;
  return { code: thrown.code, status: JSON.parse(String(thrown.body)) as V1Status };
}
