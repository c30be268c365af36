import { execFile, execFileSync } from 'node:child_process';
import { existsSync, readFileSync, statfsSync } from 'node:fs';
import { networkInterfaces, type NetworkInterfaceInfo } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { NodeOptions, ServiceProxyOptions } from '#agent';
import { CLUSTER_DNS_IP } from '#loops';
import { parseCidr, parseIp, unreachableReasons } from '#meta';
import type { Settings } from './settings.js';

type Redirect = ReturnType<NonNullable<ServiceProxyOptions['redirect']>>;

const PODS_MAX = 110;

const ADDRESS_MS = 5000;
const SYSTEMD_MS = 2000;
const IP_MS = 2000;

/**
 * Where clients inside the cluster find the API: never a loopback address, which would be their own. The machine's address
 * may change while it runs, but asking costs a millisecond on a machine with many pods: it is asked every few seconds.
 */
export function apiEndpoints({ apiHost, apiPort }: Settings): () => readonly { ip: string; port: number }[] {
  const isOwnAddress =
    !apiHost.startsWith('127.') && apiHost !== 'localhost' && apiHost !== '0.0.0.0' && !apiHost.includes(':');
  if (isOwnAddress) return () => [{ ip: apiHost, port: apiPort }];
  let ip = '';
  let until = -Infinity;
  return () => {
    const now = performance.now();
    if (now >= until) {
      ip = hostAddress();
      until = now + ADDRESS_MS;
    }
    return [{ ip, port: apiPort }];
  };
}

/**
 * The API's endpoint names an address of this machine (see {@link apiEndpoints}). Where the API listens on loopback alone,
 * nobody answers there, and the node leads its pods to the loopback instead.
 */
export function apiRedirect({ apiHost, apiPort }: Settings): Redirect {
  if (!apiHost.startsWith('127.') && apiHost !== 'localhost') return undefined;
  const to = { address: apiHost === 'localhost' ? '127.0.0.1' : apiHost, port: apiPort };
  return { from: { address: hostAddress(), port: apiPort }, to };
}

/**
 * This machine's first address that others can reach, in the order of interface names; loopback when there is none. A machine
 * whose cable is out keeps the address that it has: an agent that starts meanwhile is the node that it was.
 */
export function hostAddress(): string {
  return ownAddresses()[0] ?? ownAddresses(allInterfaces())[0] ?? '127.0.0.1';
}

/** Interfaces whose link is down as well, which Node leaves out. None where `ip` cannot be run or says something else. */
function allInterfaces(): Interfaces {
  const stdio: ('ignore' | 'pipe')[] = ['ignore', 'pipe', 'ignore'];
  try {
    return shownInterfaces(execFileSync('ip', ['-j', '-4', 'address'], { encoding: 'utf8', timeout: IP_MS, stdio }));
  } catch {
    return {};
  }
}
/** The interfaces that `ip -j -4 address` shows, whether their link is up or not. */
export function shownInterfaces(shown: string): Interfaces {
  const interfaces = JSON.parse(shown) as readonly {
    readonly ifname: string;
    readonly addr_info?: readonly { readonly local: string; readonly scope: string }[];
  }[];
  return Object.fromEntries(
    interfaces.map(({ ifname, addr_info = [] }) => [
      ifname,
      addr_info.map(({ local, scope }) => ({ address: local, family: 'IPv4' as const, internal: scope === 'host' })),
    ]),
  );
}

type Interfaces = NodeJS.Dict<readonly Pick<NetworkInterfaceInfo, 'address' | 'family' | 'internal'>[]>;

/** This machine's IPv4 addresses that others can reach, in the order of interface names. */
export function ownAddresses(interfaces: Interfaces = networkInterfaces()): readonly string[] {
  const sorted = Object.entries(interfaces).sort(([a], [b]) => (a < b ? -1 : 1));
  return sorted.flatMap(([name, addresses = []]) => {
    // Bridges of container engines have the same address on every machine, and the device of VXLAN (`slx…`) has one of pods.
    if (/^(docker|br-|veth|shiplog|slx[0-9a-f]{11}$)/.test(name)) return [];
    return addresses.filter(({ family, internal }) => family === 'IPv4' && !internal).map(({ address }) => address);
  });
}

/** What this machine has of IPv6: nothing where its kernel has none, or has it disabled. */
function hostIpv6(): Pick<NodeOptions, 'ipv6'> {
  if (textOf('/proc/sys/net/ipv6/conf/all/disable_ipv6') !== '0') return {};
  return { ipv6: globalIpv6() ?? {} };
}
/** The first address of IPv6 that others can reach, on the device of {@link hostAddress}. */
export function globalIpv6(
  interfaces: NodeJS.Dict<
    readonly Pick<NetworkInterfaceInfo, 'address' | 'family' | 'internal' | 'cidr'>[]
  > = networkInterfaces(),
): { readonly address: string; readonly bits: number } | undefined {
  const [four] = ownAddresses(interfaces);
  const own = Object.values(interfaces).find((addresses) => addresses?.some(({ address }) => address === four)) ?? [];
  const found = own.find(
    ({ address, family, internal }) =>
      family === 'IPv6' && !internal && unreachableReasons(parseIp(address) ?? NO_ADDRESS).length === 0,
  );
  return found && { address: found.address, bits: parseCidr(found.cidr ?? '')?.bits ?? 128 };
}
const NO_ADDRESS = { family: 'IPv6' as const, parts: [], strict: true };

/** Whether the whole machine is shutting down, as far as systemd runs it. */
export async function isMachineStopping(): Promise<boolean> {
  if (!existsSync('/run/systemd/system')) return false;
  // It exits with a code of its own for each state.
  const said = await promisify(execFile)('systemctl', ['is-system-running'], { timeout: SYSTEMD_MS }).catch(
    (cause: { readonly stdout?: string }) => cause,
  );
  return said.stdout?.trim() === 'stopping';
}

/** What the agent tells of this machine. */
export function nodeOptions(settings: Settings): NodeOptions {
  const { home, node, metricsIntervalMs } = settings;
  const disk = statfsSync(home);
  return {
    name: node,
    labels: settings.nodeLabels,
    taints: settings.nodeTaints,
    internalIp: hostAddress(),
    ...hostIpv6(),
    podsMax: PODS_MAX,
    domain: 'cluster.local',
    clusterDns: [CLUSTER_DNS_IP],
    hostsFile: `${textOf('/etc/hosts')}\n`,
    resolvConf: resolvConf(),
    ephemeralStorageBytes: disk.blocks * disk.bsize,
    reserved: settings.reserved,
    ...(settings.evictionHard && { evictionHard: settings.evictionHard }),
    machineId: textOf('/etc/machine-id'),
    bootId: textOf('/proc/sys/kernel/random/boot_id'),
    seccompFolder: join(home, 'seccomp'),
    metricsIntervalMs,
  };
}

/** Pods cannot ask the stub of systemd-resolved, which listens on the node's loopback: they are given the servers behind it. */
function resolvConf(): string {
  const text = textOf('/etc/resolv.conf');
  const servers = [...text.matchAll(/^[ \t]*nameserver[ \t]+(\S+)/gm)].map(([, server]) => server);
  if (!servers.every((server) => server === '127.0.0.53')) return text;
  return textOf('/run/systemd/resolve/resolv.conf') || text;
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return '';
  }
}
