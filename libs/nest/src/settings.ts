import { hostname } from 'node:os';
import { join } from 'node:path';
import { dns1123Subdomain } from '#meta';
import { networkRanges, type NetworkRanges } from './network-ranges.js';
import { nodeLabels, nodeTaints, type NodeTaint } from './node-marks.js';
import { addressPool, kubelet } from '#loops';
import type { IngressPorts } from '#ports';
import { Fault } from '#std';
import { absolute, homeFolder } from '#terminal';

/** What a control-plane process may run. The agent is a process of its own, started by standalone. */
export const APPS = ['api', 'controllers', 'scheduler', 'scaler', 'health', 'feed', 'agent'] as const;
export type AppName = (typeof APPS)[number];

export const PROXY_MODES = ['nftables', 'userspace', 'off'] as const;
export type ProxyMode = (typeof PROXY_MODES)[number];

export const POD_NETWORK_MODES = ['auto', 'routes', 'vxlan', 'off'] as const;
export type PodNetworkMode = (typeof POD_NETWORK_MODES)[number];

const DRAIN_MODES = ['shutdown', 'always', 'never'] as const;
export type DrainMode = (typeof DRAIN_MODES)[number];

/** Everything that is configured from outside, read once. */
export interface Settings extends NetworkRanges {
  /** Name of this process on the bus and in its messages. */
  readonly process: string;
  /** Data folder: keys, kubeconfig, log, indexes. */
  readonly home: string;
  readonly apps: readonly AppName[];
  readonly apiHost: string;
  readonly apiPort: number;
  /** More names and addresses that the API is reached by. */
  readonly apiNames: readonly string[];
  /** `sqlite:<path>`, `esdb://…` */
  readonly eventLog: string;
  /** File with this process's own login on the event store; the URL then holds none. */
  readonly eventLogLogin: string | undefined;
  /** Keeps clusters apart that share one event store. */
  readonly cluster: string;
  /** Undefined: this process starts a nats-server of its own. */
  readonly natsUrl: string | undefined;
  /** Port of the nats-server that this process starts; undefined: that of last time, or a free one. */
  readonly busPort: number | undefined;
  /** File with this process's own credentials, for a process without the key store. */
  readonly credentials: string | undefined;
  /** File with the policy of the audit; undefined: the one that is built in. */
  readonly auditPolicy: string | undefined;
  readonly node: string;
  /** What a node registers with, beside what it finds out by itself. */
  readonly nodeLabels: Readonly<Record<string, string>>;
  readonly nodeTaints: readonly NodeTaint[];
  /** What of the node pods cannot have: for the system, and for the agent and the engine. */
  readonly reserved: readonly Readonly<Record<string, string>>[];
  /** Where the node is short of something; undefined: the defaults of a kubelet. */
  readonly evictionHard: kubelet.EvictionThresholds | undefined;
  /** How pods reach those of other nodes; `auto`: by routes, and by VXLAN where those do not work. */
  readonly podNetwork: PodNetworkMode;
  /** Addresses for Services of type LoadBalancer: `192.0.2.10-192.0.2.20`; undefined: somebody else gives them theirs. */
  readonly loadBalancerPool: string | undefined;
  /** How a node makes services reachable; undefined: by nftables, or in user space where those may not be used. */
  readonly proxyMode: ProxyMode | undefined;
  /** When an agent that is told to stop ends its pods first: always, or only when the whole machine shuts down. */
  readonly drain: DrainMode;
  /** Where the agent takes requests for ingresses; undefined: it serves none. */
  readonly ingressPorts: IngressPorts | undefined;
  /** How the disk under the log is to fail, for tests of this; undefined: as it does. */
  readonly testLogFaults: string | undefined;
  /** How many events there are between two checkpoints; undefined: as many as the engine finds right. */
  readonly eventsPerCheckpoint: number | undefined;
  /** How many bytes of versions the window of changes keeps; undefined: as many as the engine finds right. */
  readonly windowBytes: number | undefined;
  /** How many bytes of past views are kept and made at a time; undefined: as many as the engine finds right. */
  readonly pastBytes: number | undefined;
  /** How long the values of deleted Secrets stay readable in the past, in milliseconds. */
  readonly keepDeletedSecretsMs: number;
  /** How often a node is measured, in milliseconds; 0: not at all. */
  readonly metricsIntervalMs: number;
}

/** The settings that the environment gives. `apps` is what this process is, unless `SHIPLOG_APPS` may choose. */
export function readSettings(process: string, apps: readonly AppName[], env: NodeJS.ProcessEnv): Settings {
  const home = homeFolder(env);
  const [apiHost, apiPort] = hostAndPort(env['SHIPLOG_API_ADDRESS'] || '127.0.0.1:6443');
  return {
    process,
    home,
    apps,
    apiHost,
    apiPort,
    apiNames: list(env['SHIPLOG_API_NAMES']),
    eventLog: env['SHIPLOG_EVENT_LOG'] || `sqlite:${join(home, 'log', 'events.db')}`,
    eventLogLogin: env['SHIPLOG_EVENT_LOG_LOGIN'] || undefined,
    cluster: env['SHIPLOG_CLUSTER'] || 'default',
    natsUrl: env['SHIPLOG_NATS_URL'] || undefined,
    busPort: port('SHIPLOG_BUS_PORT', env),
    credentials: env['SHIPLOG_CREDENTIALS'] || undefined,
    auditPolicy: env['SHIPLOG_AUDIT_POLICY'] ? absolute(env['SHIPLOG_AUDIT_POLICY']) : undefined,
    ...networkRanges(env),
    podNetwork: podNetwork(env['SHIPLOG_POD_NETWORK'] || 'auto'),
    loadBalancerPool: loadBalancerPool(env),
    proxyMode: proxyMode(env['SHIPLOG_PROXY_MODE'] || undefined),
    drain: drainMode(env['SHIPLOG_DRAIN'] || 'shutdown'),
    ingressPorts: ingressPorts(env['SHIPLOG_INGRESS_PORTS'] || '80,443'),
    node: nodeName((env['SHIPLOG_NODE'] || hostname()).toLowerCase(), apps),
    nodeLabels: nodeLabels(list(env['SHIPLOG_NODE_LABELS'])),
    nodeTaints: nodeTaints(list(env['SHIPLOG_NODE_TAINTS'])),
    reserved: ['SHIPLOG_SYSTEM_RESERVED', 'SHIPLOG_KUBE_RESERVED'].map(
      (name) => good(name, env, kubelet.reservedAmounts) ?? {},
    ),
    evictionHard: good('SHIPLOG_EVICTION_HARD', env, kubelet.evictionThresholds),
    keepDeletedSecretsMs: duration('SHIPLOG_KEEP_DELETED_SECRETS', env['SHIPLOG_KEEP_DELETED_SECRETS'] || '24h'),
    metricsIntervalMs: metricsInterval(env['SHIPLOG_METRICS_INTERVAL'] || '1s'),
    testLogFaults: env['SHIPLOG_TEST_LOG_FAULTS'] || undefined,
    eventsPerCheckpoint: positive('SHIPLOG_EVENTS_PER_CHECKPOINT', env),
    windowBytes: positive('SHIPLOG_WINDOW_BYTES', env),
    pastBytes: positive('SHIPLOG_PAST_BYTES', env),
  };
}

/** What `SHIPLOG_APPS` chooses, all by default. */
export function chosenApps(env: NodeJS.ProcessEnv): readonly AppName[] {
  const names = list(env['SHIPLOG_APPS']);
  if (names.length === 0 || names.includes('all')) return APPS;
  const unknown = names.filter((name) => !isApp(name));
  if (unknown.length > 0) {
    throw new Fault(`SHIPLOG_APPS names ${unknown.join(', ')}, which is no app: choose from ${APPS.join(', ')}`, false);
  }
  return APPS.filter((app) => names.includes(app));
}

/** `https://127.0.0.1:6443`: how this machine's own clients reach the API. */
export function apiUrl({ apiHost, apiPort }: Settings): string {
  const host = apiHost === '0.0.0.0' || apiHost === '::' ? '127.0.0.1' : apiHost;
  return `https://${host.includes(':') ? `[${host}]` : host}:${apiPort}`;
}

/** As SHIPLOG_API_ADDRESS writes it. */
export function apiAddress({ apiHost, apiPort }: Settings): string {
  return `${apiHost.includes(':') ? `[${apiHost}]` : apiHost}:${apiPort}`;
}

function isApp(name: string): name is AppName {
  return (APPS as readonly string[]).includes(name);
}

function list(text: string | undefined): string[] {
  return (text ?? '')
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
}

function positive(name: string, env: NodeJS.ProcessEnv): number | undefined {
  const text = env[name];
  if (!text) return undefined;
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw new Fault(`${name} is "${text}": it must be a whole number above 0`, false);
}

function port(name: string, env: NodeJS.ProcessEnv): number | undefined {
  const value = positive(name, env);
  if (value === undefined || value <= 65_535) return value;
  throw new Fault(`${name} is "${value}": a port is at most 65535`, false);
}

const UNIT_MS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

function duration(name: string, text: string): number {
  if (text === '0') return 0;
  const [, count, unit] = /^(\d{1,6})([smhd])$/.exec(text) ?? [];
  if (count !== undefined && unit !== undefined) return Number(count) * (UNIT_MS[unit] ?? 0);
  throw new Fault(`${name} is "${text}": write a duration like 30m, 24h or 7d, or 0`, false);
}

/** Below a tenth of a second a node would measure itself, above ten minutes what is shown would be old. */
const METRICS_INTERVAL_MS = { least: 100, most: 600_000 };

function metricsInterval(text: string): number {
  if (text === '0') return 0;
  const [, count, unit] = /^(\d{1,6})(ms|s|m)$/.exec(text) ?? [];
  const interval = Number(count) * (unit === 'ms' ? 1 : (UNIT_MS[unit ?? ''] ?? NaN));
  if (interval >= METRICS_INTERVAL_MS.least && interval <= METRICS_INTERVAL_MS.most) return interval;
  const rule = 'write a duration from 100ms to 10m, like 1s or 500ms, or 0 to measure nothing';
  throw new Fault(`SHIPLOG_METRICS_INTERVAL is "${text}": ${rule}`, false);
}

function podNetwork(text: string): PodNetworkMode {
  const mode = POD_NETWORK_MODES.find((one) => one === text);
  if (mode !== undefined) return mode;
  throw new Fault(`SHIPLOG_POD_NETWORK is "${text}": choose from ${POD_NETWORK_MODES.join(', ')}`, false);
}

function drainMode(text: string): DrainMode {
  const mode = DRAIN_MODES.find((one) => one === text);
  if (mode !== undefined) return mode;
  throw new Fault(`SHIPLOG_DRAIN is "${text}": choose from ${DRAIN_MODES.join(', ')}`, false);
}

function loadBalancerPool(env: NodeJS.ProcessEnv): string | undefined {
  return good('SHIPLOG_LOAD_BALANCER_POOL', env, addressPool) && env['SHIPLOG_LOAD_BALANCER_POOL'];
}

/** What a setting is read as; undefined where it is not set. `read` answers with a text that says what is wrong. */
function good<T extends object>(
  name: string,
  env: NodeJS.ProcessEnv,
  read: (text: string) => T | string,
): T | undefined {
  const text = env[name];
  const value = text ? read(text) : undefined;
  if (typeof value !== 'string') return value;
  throw new Fault(`${name} is "${text}": ${value}`, false);
}

function proxyMode(text: string | undefined): ProxyMode | undefined {
  const mode = PROXY_MODES.find((one) => one === text);
  if (text === undefined || mode !== undefined) return mode;
  throw new Fault(`SHIPLOG_PROXY_MODE is "${text}": choose from ${PROXY_MODES.join(', ')}`, false);
}

function ingressPorts(text: string): IngressPorts | undefined {
  if (text === 'off') return undefined;
  const [http = 0, https = 0, ...more] = text.split(',').map((part) => (/^\d{1,5}$/.test(part) ? Number(part) : 0));
  const isPort = (port: number): boolean => port > 0 && port < 65_536;
  if (isPort(http) && isPort(https) && http !== https && more.length === 0) return { http, https };
  throw new Fault(
    `SHIPLOG_INGRESS_PORTS is "${text}": give a port for HTTP and one for HTTPS, as in 80,443, or off`,
    false,
  );
}

/** A machine may be called what no object may: whoever is to run pods on it then chooses a name. */
function nodeName(text: string, apps: readonly AppName[]): string {
  if (!apps.includes('agent')) return text;
  // It is the value of a label too.
  if (text.length <= 63 && dns1123Subdomain(text).length === 0) return text;
  const rule = 'it has at most 63 letters, digits, "-" and ".", and each part begins and ends with a letter or digit';
  throw new Fault(`"${text}" cannot be the name of a node: ${rule}. Choose one with SHIPLOG_NODE.`, false);
}

function hostAndPort(text: string): readonly [string, number] {
  const parts = /^(?:\[([^\]]+)\]|([^:]*)):(\d+)$/.exec(text);
  const port = Number(parts?.[3]);
  if (parts === null || port < 1 || port > 65_535) {
    throw new Fault(`SHIPLOG_API_ADDRESS is "${text}", which is no host and port: write it like 127.0.0.1:6443`, false);
  }
  return [parts[1] ?? (parts[2] || '0.0.0.0'), port];
}
