import { Recurrences } from '#engine';
import { nodes, type Node } from '#kinds';
import { ingress } from '#loops';
import { EXCLUDED_FROM_LOAD_BALANCERS } from '#model';
import type { Assigned } from './assigned.js';
import type { AgentOptions, IngressOptions } from './options.js';
import type { Reporter } from './reporter.js';

/**
 * Serves the ingresses of the agents' class on this node, out of what the node was told last: also while the control plane is
 * away. Nothing listens before there is such an ingress, nor on a node that takes no traffic from outside.
 */
export class NodeIngress {
  private readonly table: ingress.IngressTable;
  private readonly troubles = new Recurrences();
  private isListening = false;
  private isAtWork = false;
  private stopped = false;

  constructor(
    private readonly options: AgentOptions,
    private readonly assigned: Pick<Assigned, 'object' | 'objects'>,
    private readonly reporter: Pick<Reporter, 'ofNode'>,
  ) {
    const redirect = options.services?.redirect?.();
    this.table = new ingress.IngressTable({ node: options.node.name, zone: undefined, redirect });
  }

  /** Streams of objects that changed. */
  take(streams: readonly string[]): void {
    if (!this.options.ingress) return;
    for (const stream of streams) this.table.take(stream, this.assigned.object(stream));
    if (this.isListening !== this.isWanted) void this.serve();
  }

  /** Listens where there is something to serve, and tries again what failed. Never rejects: a problem is an event of the node. */
  async serve(): Promise<void> {
    const { ingress: own } = this.options;
    if (!own || this.stopped || this.isAtWork) return;
    this.isAtWork = true;
    try {
      // While the server starts or stops, the other may become wanted.
      do await this.step(own);
      while (this.isListening !== this.isWanted);
      this.troubles.clear('serving');
    } catch (error) {
      this.isListening = false;
      this.say(`ingresses are not served on this node: ${error instanceof Error ? error.message : String(error)}`);
    } finally {
      this.isAtWork = false;
    }
  }
  private async step({ server, ports }: IngressOptions): Promise<void> {
    if (this.isWanted) {
      const { table } = this;
      await server.serve({
        ports,
        route: (host, path) => table.route(host, path),
        certificate: (host) => table.certificate(host),
      });
      this.isListening = true;
    } else if (this.isListening) {
      await server.stop();
      this.isListening = false;
    }
  }
  async stop(): Promise<void> {
    this.stopped = true;
    await this.options.ingress?.server.stop();
  }

  private get isWanted(): boolean {
    if (this.stopped) return false;
    return !this.table.isEmpty && this.node()?.metadata.labels?.[EXCLUDED_FROM_LOAD_BALANCERS] === undefined;
  }
  private node(): Node | undefined {
    return this.assigned.objects.get(nodes, undefined, this.options.node.name) as Node | undefined;
  }
  private say(message: string): void {
    if (!this.troubles.add('serving')) return;
    this.options.log?.(message);
    this.reporter.ofNode(this.node(), { type: 'Warning', reason: 'IngressFailed', message });
  }
}
