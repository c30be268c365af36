import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { isJsonObject, type Json } from '#std';

/** A request that a genuine Kubernetes 1.35 was sent, with its answer. */
export interface Recorded {
  readonly title: string;
  readonly do: { readonly method: string; readonly path: string; readonly body?: Json };
  readonly answer?: {
    readonly status: number;
    readonly body?: {
      readonly message?: string;
      readonly details?: { readonly causes?: readonly { readonly field?: string; readonly message: string }[] };
    };
  };
}
export function recorded(name: string): readonly Recorded[] {
  const file = join(import.meta.dirname, '../../../../test/recorded', `${name}.jsonl.gz`);
  const lines = gunzipSync(readFileSync(file)).toString('utf8').trim().split('\n');
  return lines.map((line) => JSON.parse(line) as Recorded);
}
export function at(json: Json | undefined, ...keys: readonly string[]): Json | undefined {
  return keys.reduce<Json | undefined>((value, key) => (isJsonObject(value) ? value[key] : undefined), json);
}
