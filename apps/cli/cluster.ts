import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { Fault, isJsonObject } from '#std';
import { homeFolder } from '#terminal';

/** What this machine's kubeconfig says of its cluster. */
export interface Cluster {
  readonly kubeconfig: string;
  readonly server: string;
  readonly ca: string;
  /** How its user says who it is. */
  readonly login: { readonly cert?: string; readonly key?: string; readonly token?: string };
}

export function localCluster(path?: string): Cluster {
  const kubeconfig = path ?? (process.env['KUBECONFIG'] || join(homeFolder(process.env), 'kubeconfig'));
  let config: unknown;
  try {
    config = parse(readFileSync(kubeconfig, 'utf8'));
  } catch (cause) {
    throw new Fault(
      `There is no kubeconfig at ${kubeconfig}: start a cluster with "npm start", or set SHIPLOG_HOME.`,
      false,
      { cause },
    );
  }
  const cluster = first(config, 'clusters', 'cluster');
  const user = first(config, 'users', 'user');
  const decoded = (value: unknown): string => Buffer.from(String(value), 'base64').toString('utf8');
  const { token, 'client-certificate-data': certificate, 'client-key-data': key } = user;
  return {
    kubeconfig,
    server: String(cluster['server']),
    ca: decoded(cluster['certificate-authority-data']),
    login: typeof token === 'string' ? { token } : { cert: decoded(certificate), key: decoded(key) },
  };
}

function first(config: unknown, list: string, part: string): Readonly<Record<string, unknown>> {
  const entries = isJsonObject(config) ? config[list] : undefined;
  const entry: unknown = Array.isArray(entries) ? entries[0] : undefined;
  const value = isJsonObject(entry) ? entry[part] : undefined;
  if (!isJsonObject(value)) throw new Fault(`The kubeconfig has no ${part}.`, false);
  return value;
}
