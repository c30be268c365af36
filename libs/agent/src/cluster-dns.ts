import { Recurrences } from '#engine';
import { nodes } from '#kinds';
import { clusterDns } from '#loops';
import type { DnsQuestion, DnsReply } from '#model';
import type { Assigned } from './assigned.js';
import type { AgentOptions } from './options.js';
import type { Reporter } from './reporter.js';

/**
 * Serves the cluster's DNS zone to the pods of this node, out of what the node was told last: also while the control plane is
 * away. Where it cannot be served, pods that start get the node's own resolver, and it is tried again.
 */
export class ClusterDns {
  private readonly zone: clusterDns.ClusterZone;
  private readonly troubles = new Recurrences();
  /** What pods that start now ask; undefined while nothing is served. */
  private served: string | undefined;
  private stopped = false;

  constructor(
    private readonly options: AgentOptions,
    private readonly assigned: Pick<Assigned, 'object' | 'objects' | 'knowsShared'>,
    private readonly reporter: Pick<Reporter, 'ofNode'>,
  ) {
    const { domain, clusterDns: addresses } = options.node;
    this.zone = new clusterDns.ClusterZone(domain, addresses);
  }

  /** Name servers for pods that start now; none: the node's own. */
  get addresses(): readonly string[] {
    return this.served === undefined ? [] : [this.served];
  }

  /** Streams of objects that changed. */
  take(streams: readonly string[]): void {
    for (const stream of streams) this.zone.take(stream, this.assigned.object(stream));
  }

  /** Serves it, or makes anew what was lost. Never rejects: what keeps it from being served is an event of the node. */
  async serve(): Promise<void> {
    const { nameServer, runtime, node } = this.options;
    const [address] = node.clusterDns;
    if (!nameServer || address === undefined || this.stopped) return;
    try {
      const pods = await runtime.podNetwork();
      if (!pods) throw new Error('the container engine says of no bridge that its pods are on it');
      const served = await nameServer.serve({ address, pods, answer: (question) => this.answer(question) });
      this.served = served.address;
      if (served.problem === undefined) this.troubles.clear('serving');
      else this.say(`cluster DNS is served at ${served.address} and not at ${address}: ${served.problem}`);
    } catch (error) {
      this.served = undefined;
      const why = error instanceof Error ? error.message : String(error);
      this.say(`cluster DNS is not served on this node, pods that start get the node's own resolver: ${why}`);
    }
  }
  async stop(): Promise<void> {
    this.stopped = true;
    await this.options.nameServer?.stop();
  }

  /** A name that nobody knows yet is not said to be none. */
  private answer(question: DnsQuestion): DnsReply | 'unknown' | undefined {
    const reply = clusterDns.answer(question, this.zone);
    return reply !== undefined && !this.assigned.knowsShared ? 'unknown' : reply;
  }
  private say(message: string): void {
    if (!this.troubles.add('serving')) return;
    this.options.log?.(message);
    this.reporter.ofNode(this.assigned.objects.get(nodes, undefined, this.options.node.name), {
      type: 'Warning',
      reason: 'ClusterDNSFailed',
      message,
    });
  }
}
