import { cidrText, firstHost, networkOf, parseCidr } from '#meta';
import type { HostAddress, HostNetwork, HostRoute, PodWay } from '#model';
import type { ContainerOwner, PathFailure, PodRouter, PodRouterPlan } from '#ports';
import { asideRemoval, ruleRemoval } from './aside.js';
import { runProgram, type ProgramEnd } from '../service-dataplane/run-program.js';
import { batchesFor, reachedBy, routeRemoval } from './links.js';
import { ROUTE_PROTOCOL, routerNames, type RouterNames } from './names.js';
import { engineRules, routerRules, type There } from './router-rules.js';
import type { Line, Present, ShownForward, ShownLink, ShownNeighbour, ShownRoute, ShownRule } from './shown.js';

const VXLAN_BYTES = 50;
const MTU_DEFAULT = 1500;
const OUR_DEVICE = /^slx[0-9a-f]{11}$/;
const ENGINE_CHAIN = 'DOCKER-USER';
const NOT_PERMITTED = /not permitted/i;

export interface KernelPodRouterOptions {
  /** Words before each program, for a network namespace that is not this process's: `['nsenter', '--net=/run/netns/a']`. */
  readonly within?: readonly string[];
}

/** By the kernel's routes, one VXLAN device and one table of the packet filter. Needs root, `ip`, `bridge` and `nft`. */
export class KernelPodRouter implements PodRouter {
  /** The rules that were loaded, and how the packet filter shows them. */
  private loaded: { readonly rules: string; readonly shown: string } | undefined;

  constructor(private readonly options: KernelPodRouterOptions = {}) {}

  async host(): Promise<HostNetwork> {
    const [addresses, routes] = await Promise.all([
      this.addresses(),
      this.json<ShownRoute & { readonly protocol?: string }>(['ip', '-j', '-4', 'route', 'show']),
    ]);
    return {
      addresses,
      routes: routes
        .filter(
          ({ dst, protocol, dev }) => dst !== 'default' && protocol !== String(ROUTE_PROTOCOL) && dev !== undefined,
        )
        .map(({ dst, dev = '', gateway }): HostRoute => ({
          cidr: cidrOf(dst),
          device: dev,
          isIndirect: gateway !== undefined,
        })),
    };
  }

  private async addresses(): Promise<readonly HostAddress[]> {
    const links = await this.json<AddressedLink>(['ip', '-j', '-4', 'addr', 'show']);
    return links.filter(({ ifname }) => !OUR_DEVICE.test(ifname)).flatMap(addressesOf);
  }

  async ways(owner: ContainerOwner): Promise<ReadonlyMap<string, PodWay>> {
    const names = routerNames(owner);
    const { routes } = await this.present(names);
    const isPath = ({ type, gateway }: ShownRoute): boolean => type !== 'unreachable' && gateway !== undefined;
    return new Map(routes.filter(isPath).map(({ dst, dev }) => [dst, dev === names.device ? 'vxlan' : 'route']));
  }

  async apply(plan: PodRouterPlan): Promise<readonly PathFailure[]> {
    const spares = plan.paths.filter(({ spare }) => spare !== undefined);
    try {
      return await this.carryOut(plan);
    } catch (cause) {
      if (spares.length === 0) throw cause;
      // A kernel without VXLAN or rules of routing is no reason to be without routes.
      const paths = plan.paths.map(({ spare: _spare, ...path }) => path);
      const failures = await this.carryOut({ ...plan, paths });
      const why = cause instanceof Error ? cause.message : String(cause);
      return [...failures, ...spares.map(({ node }) => ({ node, why, isSpare: true }))];
    }
  }
  private async carryOut(plan: PodRouterPlan): Promise<readonly PathFailure[]> {
    const names = routerNames(plan);
    const forwarding = await this.run(['cat', '/proc/sys/net/ipv4/ip_forward']);
    if (forwarding.output.trim() !== '1')
      throw new Error(
        'this node forwards no packets: net.ipv4.ip_forward has to be 1 (sysctl -w net.ipv4.ip_forward=1)',
      );
    const present = await this.present(names);
    const addresses = await this.addresses();
    const { mtu: uplink = MTU_DEFAULT, device: link } = addresses.find(({ address }) => address === plan.address) ?? {};
    const kept = plan.isWhole ? { byRoute: [], byVxlan: [] } : reachedBy(present, names);
    await this.load(plan, names, { kept, devices: [names.device, ...(link === undefined ? [] : [link])] });
    const { bridge } = plan.pods;
    await this.openEngine('iptables', names.table, engineRules(names.table, bridge, plan.podCidr));
    if (plan.ipv6) await this.openEngine('ip6tables', names.table, engineRules(names.table, bridge, plan.ipv6.podCidr));
    const { device, forwards, routes, leftOver } = batchesFor(plan, names, present, uplink - VXLAN_BYTES);
    const failures: readonly PathFailure[] = [
      ...(await this.ipv6Failures(plan)),
      ...(await this.batch('ip', device)),
      ...(await this.batch('bridge', forwards)),
      ...(await this.batch('ip', [...routes, ...leftOver])),
    ];
    return [...new Map(failures.map((failure) => [`${failure.node} ${failure.isSpare}`, failure])).values()];
  }

  /** Paths of IPv6 lead nowhere on a node that forwards none of its packets; those of IPv4 do all the same. */
  private async ipv6Failures({ ipv6 }: PodRouterPlan): Promise<readonly PathFailure[]> {
    if (!ipv6 || (await this.run(['cat', '/proc/sys/net/ipv6/conf/all/forwarding'])).output.trim() === '1') return [];
    const why =
      'this node forwards no packets of IPv6: net.ipv6.conf.all.forwarding has to be 1 (sysctl -w net.ipv6.conf.all.forwarding=1)';
    return ipv6.paths.map(({ node }) => ({ node, why }));
  }

  async remove(owner: ContainerOwner): Promise<void> {
    const names = routerNames(owner);
    this.loaded = undefined;
    await this.openEngine('iptables', names.table, []);
    await this.openEngine('ip6tables', names.table, []);
    const { routes, aside, rules, link } = await this.present(names);
    await this.batch('ip', [
      ...rules.map(ruleRemoval),
      ...aside.map((route) => asideRemoval(route, names)),
      ...routes.map((route) => routeRemoval(route, names.metric)),
      ...(link ? [{ text: `link del ${names.device}` }] : []),
    ]);
    for (const family of ['ip', 'ip6'])
      if (await this.hasTable(family, names.table)) await this.must(['nft', 'delete', 'table', family, names.table]);
  }

  /** Made anew in one transaction when it should be another one, or somebody has changed it. */
  private async load(plan: PodRouterPlan, { table }: RouterNames, there: There): Promise<void> {
    if (firstHost(plan.pods.cidr) === undefined) throw new Error(`${plan.pods.cidr} is no range of IPv4`);
    const rules = routerRules(table, plan, there);
    const families = plan.ipv6 ? ['ip', 'ip6'] : ['ip'];
    const list = async (): Promise<string> =>
      (
        await Promise.all(families.map(async (one) => (await this.run(['nft', 'list', 'table', one, table])).output))
      ).join('');
    if (this.loaded?.rules === rules && (await list()) === this.loaded.shown) return;
    // Of an earlier life, in which pods had addresses of IPv6.
    const isOver = !plan.ipv6 && (await this.hasTable('ip6', table));
    this.loaded = undefined;
    await this.must(['nft', '-f', '-'], isOver ? `${rules}delete table ip6 ${table}\n` : rules);
    this.loaded = { rules, shown: await list() };
  }
  private async hasTable(family: string, table: string): Promise<boolean> {
    return (await this.run(['nft', 'list', 'table', family, table])).code === 0;
  }

  /** Docker's own chain for such rules; where there is none, nothing drops what goes to pods. */
  private async openEngine(program: 'iptables' | 'ip6tables', table: string, wanted: readonly string[]): Promise<void> {
    const { code, output } = await this.run([program, '-w', '-S', ENGINE_CHAIN]);
    if (code !== 0) return;
    const beginning = `-A ${ENGINE_CHAIN} `;
    const mine = output
      .split('\n')
      .filter((line) => line.startsWith(beginning) && line.includes(` --comment ${table} `))
      .map((line) => line.slice(beginning.length));
    for (const rule of wanted)
      if (!mine.includes(rule)) await this.must([program, '-w', '-I', ENGINE_CHAIN, ...rule.split(' ')]);
    for (const rule of mine)
      if (!wanted.includes(rule)) await this.must([program, '-w', '-D', ENGINE_CHAIN, ...rule.split(' ')]);
  }

  private async present({ device, metric, asideTables }: RouterNames): Promise<Present> {
    const ofUs = ['proto', String(ROUTE_PROTOCOL)];
    const all = [
      ...(await this.json<ShownRoute>(['ip', '-j', '-4', 'route', 'show', 'table', 'all', ...ofUs])),
      ...(await this.jsonIfAny<ShownRoute>(['ip', '-j', '-6', 'route', 'show', ...ofUs])),
    ].filter((route) => route.metric === metric);
    const tables = Object.values(asideTables).map(String);
    const isAside = ({ table }: { readonly table?: string }): boolean => table !== undefined && tables.includes(table);
    const routes = all.filter(({ table }) => table === undefined);
    const aside = all.filter(isAside);
    const rules = (await this.json<ShownRule>(['ip', '-j', '-4', 'rule', 'show'])).filter(isAside);
    const shown = await this.run(['ip', '-j', '-d', 'addr', 'show', 'dev', device]);
    const [link] = shown.code === 0 ? (JSON.parse(shown.output || '[]') as readonly ShownLink[]) : [];
    if (!link) return { routes, aside, rules, link, neighbours: [], forwards: [] };
    const permanent = ['nud', 'permanent', 'dev', device];
    return {
      ...{ routes, aside, rules, link },
      neighbours: [
        ...(await this.json<ShownNeighbour>(['ip', '-j', '-4', 'neigh', 'show', 'dev', device])),
        ...(await this.jsonIfAny<ShownNeighbour>(['ip', '-j', '-6', 'neigh', 'show', ...permanent])),
      ],
      forwards: await this.json<ShownForward>(['bridge', '-j', 'fdb', 'show', 'dev', device]),
    };
  }

  /** Carries out all lines that can be; resolves with the paths of the others, and rejects when all paths need one of them. */
  private async batch(program: 'ip' | 'bridge', lines: readonly Line[]): Promise<readonly PathFailure[]> {
    if (lines.length === 0) return [];
    const end = await this.run([program, '-force', '-batch', '-'], lines.map(({ text }) => `${text}\n`).join(''));
    if (end.code === 0) return [];
    return failedLines(end.errors).map(({ line, why }) => {
      const { node, isSpare = false } = lines[line - 1] ?? {};
      if (node === undefined || NOT_PERMITTED.test(why)) throw refusal(program, { ...end, errors: why });
      return { node, why: `${program} says: ${why}`, ...(isSpare && { isSpare }) };
    });
  }
  /** None where the kernel has no IPv6. */
  private async jsonIfAny<T>(words: readonly string[]): Promise<readonly T[]> {
    const { code, output } = await this.run(words);
    return code === 0 ? (JSON.parse(output.trim() || '[]') as readonly T[]) : [];
  }
  private async json<T>(words: readonly string[]): Promise<readonly T[]> {
    return JSON.parse((await this.must(words)).trim() || '[]') as readonly T[];
  }
  /** Resolves with what the program prints; rejects with a sentence when it fails. */
  private async must(words: readonly string[], input?: string): Promise<string> {
    const [program = ''] = words;
    const end = await this.run(words, input);
    if (end.code !== 0) throw refusal(program, end);
    return end.output;
  }
  private run(words: readonly string[], input?: string): Promise<ProgramEnd> {
    return runProgram([...(this.options.within ?? []), ...words], input);
  }
}

function refusal(program: string, { code, errors }: ProgramEnd): Error {
  const packet = program === 'nft' ? 'nftables' : program.endsWith('tables') ? 'iptables' : 'iproute2';
  if (code === undefined) return new Error(`${program} is not installed (Debian: apt-get install ${packet})`);
  const why = errors.trim().split('\n')[0] ?? '';
  if (NOT_PERMITTED.test(why)) return new Error(`${program} may not be used here: ${why}`);
  return new Error(`${program} refused what the pods' network needs: ${why}`);
}

/** Lines of a batch that failed, counted from 1, by what the program printed; 0: it ended by what it says last. */
function failedLines(errors: string): readonly { readonly line: number; readonly why: string }[] {
  const failed: { readonly line: number; readonly why: string }[] = [];
  let why = '';
  for (const text of errors.split('\n')) {
    const [, line] = /^Command failed .*:(\d+)$/.exec(text) ?? [];
    if (line === undefined) {
      why ||= text.trim();
      continue;
    }
    failed.push({ line: Number(line), why });
    why = '';
  }
  return why === '' && failed.length > 0 ? failed : [...failed, { line: 0, why }];
}

interface AddressedLink {
  readonly ifname: string;
  readonly mtu?: number;
  readonly addr_info?: readonly { readonly local?: string; readonly prefixlen?: number }[];
}

function addressesOf({ ifname, mtu = MTU_DEFAULT, addr_info = [] }: AddressedLink): readonly HostAddress[] {
  return addr_info.flatMap(({ local, prefixlen = 32 }) =>
    local === undefined ? [] : [{ address: local, bits: prefixlen, device: ifname, mtu }],
  );
}
/** Of one address, `ip` leaves out how many bits it has. */
function cidrOf(dst: string): string {
  const cidr = parseCidr(dst.includes('/') ? dst : `${dst}/32`);
  return cidr ? cidrText(networkOf(cidr)) : dst;
}
