import { setTimeout as sleep } from 'node:timers/promises';
import type { PodNetwork } from '#ports';
import { forgetFlows, type FlowProtocol, type RunLines } from '../stale-flows.js';
import type { NftFamily } from './base-rules.js';
import type { LostBackend, RuleSet } from './rule-set.js';
import { nameOf } from './slots.js';

/** After a look at flows the next comes so many times later: where there are very many, looks take a tenth of one processor at most. */
const REST_FACTOR = 9;
const PROTOCOLS: readonly FlowProtocol[] = ['TCP', 'UDP'];

interface Table {
  readonly family: NftFamily;
  readonly rules: RuleSet;
}
export interface FollowUpContext {
  readonly run: RunLines;
  readonly pods: () => PodNetwork | undefined;
  readonly tables: () => readonly Table[];
  readonly log: (line: string) => void;
}

/**
 * What follows a change of the rules and holds up none: it cannot be in their transaction. Pods may call themselves through their
 * services, and flows that lead to an endpoint that is gone are forgotten. What comes meanwhile goes together; what failed is tried
 * again with the next change or {@link look}.
 */
export class FollowUp {
  private hasNewLocal = false;
  private readonly hairpins = new Turns(() => this.allowHairpins());
  /** The rules are new as a whole: where flows led before is not known. */
  private isWhole = false;
  private lost = new Map<string, LostBackend>();
  private readonly flows = new Turns(() => this.forget(), REST_FACTOR);
  private isConntrackMissed = false;

  constructor(private readonly context: FollowUpContext) {}

  /** After a change of the rules; `lost` undefined: of all of them. */
  add({
    hasNewLocal,
    lost,
  }: {
    readonly hasNewLocal: boolean;
    readonly lost: readonly LostBackend[] | undefined;
  }): void {
    this.hasNewLocal ||= hasNewLocal;
    this.isWhole ||= lost === undefined;
    for (const one of lost ?? []) this.lost.set(keyOf(one), one);
    this.look();
  }
  look(): void {
    const say = (cause: unknown): void =>
      this.context.log(`after a change of services: ${cause instanceof Error ? cause.message : String(cause)}`);
    this.hairpins.take().catch(say);
    this.flows.take().catch(say);
  }
  /** The rules are taken away. */
  clear(): void {
    this.hasNewLocal = false;
    this.isWhole = false;
    this.lost.clear();
  }

  /** A pod that calls its own service is answered through the port of the bridge that the call came from. */
  private async allowHairpins(): Promise<boolean> {
    const pods = this.context.pods();
    if (!this.hasNewLocal || !pods) return false;
    this.hasNewLocal = false;
    try {
      await openHairpins(this.context.run, pods);
    } catch (cause) {
      this.hasNewLocal = true;
      throw cause;
    }
    return true;
  }

  private async forget(): Promise<boolean> {
    const { isWhole, lost } = this;
    if (!isWhole && lost.size === 0) return false;
    this.isWhole = false;
    this.lost = new Map();
    try {
      for (const table of this.context.tables())
        for (const protocol of PROTOCOLS)
          if (isWhole || [...lost.values()].some(isOf(table, protocol))) await this.forgetOf(table, protocol, lost);
    } catch (cause) {
      this.isWhole ||= isWhole;
      for (const [key, one] of lost) if (!this.lost.has(key)) this.lost.set(key, one);
      throw cause;
    }
    return true;
  }
  private async forgetOf(
    { family, rules }: Table,
    protocol: FlowProtocol,
    lost: ReadonlyMap<string, LostBackend>,
  ): Promise<void> {
    const { run, log } = this.context;
    const isInstalled = await forgetFlows(run, { protocol, isIpv6: family.family === 'IPv6' }, (flow) => {
      const leads = rules.leads(flow);
      if (leads !== undefined) return !leads;
      // Of a frontend that is gone: a node port is called by any address.
      const { address, port, backend } = flow;
      const frontends = [
        { protocol, address, port },
        { protocol, address: undefined, port },
      ];
      return frontends.some((frontend) => lost.has(keyOf({ frontend, backend })));
    });
    if (isInstalled || this.isConntrackMissed) return;
    this.isConntrackMissed = true;
    log(
      'conntrack is not installed (Debian: apt-get install conntrack): clients of UDP stay with an endpoint that is gone until they pause, and connections may be led to it for two minutes after it was cut off',
    );
  }
}

/** Work that is done in turns, one at a time, until it says that there was nothing to do. */
class Turns {
  private isUnderWay = false;

  /** `restFactor`: after a turn comes a rest of so many times its duration. */
  constructor(
    private readonly work: () => Promise<boolean>,
    private readonly restFactor = 0,
  ) {}

  /** Nothing when it is under way; rejects when a turn fails, which ends it. */
  async take(): Promise<void> {
    if (this.isUnderWay) return;
    this.isUnderWay = true;
    try {
      for (let began = performance.now(); await this.work(); began = performance.now())
        if (this.restFactor > 0) await sleep((performance.now() - began) * this.restFactor, undefined, { ref: false });
    } finally {
      this.isUnderWay = false;
    }
  }
}

interface BridgePort {
  readonly ifname: string;
  readonly linkinfo?: { readonly info_slave_data?: { readonly hairpin?: boolean } };
}
async function openHairpins(run: RunLines, { bridge }: PodNetwork): Promise<void> {
  const { code, output } = await run(['ip', '-j', '-d', 'link', 'show', 'master', bridge]);
  if (code !== 0) return;
  const ports = JSON.parse(output || '[]') as readonly BridgePort[];
  const closed = ports.filter(({ linkinfo }) => linkinfo?.info_slave_data?.hairpin === false);
  await Promise.all(
    closed.map(({ ifname }) => run(['ip', 'link', 'set', 'dev', ifname, 'type', 'bridge_slave', 'hairpin', 'on'])),
  );
}

function isOf({ family }: Table, protocol: FlowProtocol): (one: LostBackend) => boolean {
  const isIpv6 = family.family === 'IPv6';
  return ({ frontend, backend }) => frontend.protocol === protocol && backend.address.includes(':') === isIpv6;
}
function keyOf({ frontend: { protocol, address = '', port }, backend }: LostBackend): string {
  return `${protocol} ${address} ${port} ${nameOf(backend)}`;
}
