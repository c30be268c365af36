import { Fault, isJsonObject } from '#std';
import { explain, say } from '#terminal';
import { localCluster } from './cluster.js';
import { ask } from './request.js';

export interface ShredOptions {
  readonly namespace: string;
  readonly versions?: boolean;
}

/**
 * Has values forgotten that can be read in the past only: those of the deleted Secrets of a name, or with `versions` those that
 * a Secret had before the ones that it has.
 */
export async function shredSecret(name: string, { namespace, versions = false }: ShredOptions): Promise<void> {
  try {
    const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/secrets/${encodeURIComponent(name)}/shred`;
    const body = { kind: 'Shredding', apiVersion: 'v1', versions };
    const { code, json } = await ask(localCluster(), { method: 'POST', path, body });
    const message = isJsonObject(json) && typeof json['message'] === 'string' ? json['message'] : '';
    if (code !== 201) throw new Fault(message || `The API answered ${code}.`, false);
    say(
      versions
        ? `The values that the Secret ${namespace}/${name} had before its present ones can never be read again.`
        : `The values of the deleted Secrets ${namespace}/${name} can never be read again.`,
    );
  } catch (cause) {
    process.stderr.write(`${explain(cause)}\n`);
    process.exitCode = 1;
  }
}
