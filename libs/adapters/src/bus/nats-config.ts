import { join } from 'node:path';
import type { NatsAuthority } from './nats-authority.js';

export interface NatsConfigOptions {
  readonly listen: string;
  /** Folder with `server.crt` and `server.key`. */
  readonly folder: string;
  readonly authority: Pick<NatsAuthority, 'operatorJwt' | 'accountJwt' | 'accountId' | 'joinAccounts'>;
  readonly logFile?: string;
}

/**
 * nats-server's configuration: one TLS port whose users are known by our operator's JWTs. No cluster, no monitoring, no
 * JetStream, no password.
 */
export function natsConfig({ listen, folder, authority, logFile }: NatsConfigOptions): string {
  const lines = [
    `listen: ${quoted(listen)}`,
    'server_name: shiplog',
    `operator: ${authority.operatorJwt}`,
    'resolver: MEMORY',
    preload(authority),
    'tls {',
    `  cert_file: ${quoted(join(folder, 'server.crt'))}`,
    `  key_file: ${quoted(join(folder, 'server.key'))}`,
    '  timeout: 5',
    '}',
    'max_payload: 1MB',
    'max_pending: 64MB',
    'write_deadline: "10s"',
    'ping_interval: "10s"',
    'ping_max: 3',
    'lame_duck_duration: "30s"',
    'lame_duck_grace_period: "1s"',
  ];
  if (logFile !== undefined) lines.push(`log_file: ${quoted(logFile)}`, 'logfile_size_limit: 10MB');
  return `${lines.join('\n')}\n`;
}

/** A configuration with the accounts as they are now: the cluster's says which users are revoked, the others are of tokens. */
export function withAccounts(config: string, authority: NatsConfigOptions['authority']): string {
  return config.replace(/^resolver_preload: .*$/m, () => preload(authority));
}

/** A configuration for another address, `host:port`. */
export function listeningOn(config: string, listen: string): string {
  return config.replace(/^listen: .*$/m, () => `listen: ${quoted(listen)}`);
}

/**
 * A configuration with the operator's line of a former one, if that is of the same operator: a running server reads its files
 * again only if that line has not changed, and each issue of it has another date.
 */
export function withFormerOperator(config: string, former: string): string {
  const [was, now] = [former, config].map((text) => OPERATOR.exec(text)?.[1] ?? '');
  return was !== '' && subjectOf(was) === subjectOf(now) ? config.replace(OPERATOR, () => `operator: ${was}`) : config;
}
const OPERATOR = /^operator: (\S+)$/m;

function subjectOf(jwt: string | undefined): unknown {
  try {
    const payload = Buffer.from(jwt?.split('.')[1] ?? '', 'base64url').toString();
    return (JSON.parse(payload) as { readonly sub?: unknown }).sub;
  } catch {
    return undefined;
  }
}

function preload({ accountId, accountJwt, joinAccounts }: NatsConfigOptions['authority']): string {
  const all = [{ id: accountId, jwt: accountJwt }, ...joinAccounts];
  return `resolver_preload: { ${all.map(({ id, jwt }) => `${id}: ${jwt}`).join(', ')} }`;
}

function quoted(text: string): string {
  return JSON.stringify(text);
}
