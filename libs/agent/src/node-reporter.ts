import type { KubeObject, NodeReport, ReportAnswer } from '#model';
import type { RuntimeInfo } from '#ports';
import type { JsonObject } from '#std';
import { decodeMessage, encodeMessage, subjects } from '#engine';
import { nodeStatus, saysSame, type ShownNode } from './node-object.js';
import type { AgentOptions } from './options.js';

const REQUEST_MS = 10_000;

/**
 * Keeps the Node's status true: what the control plane has is held against what is so, and told when it differs, be it
 * that the node has changed (an image more) or that others wrote of a node that was silent.
 */
export class NodeReporter {
  private sequence = 0;
  private checking = false;
  private checkAgain = false;

  constructor(
    private readonly options: AgentOptions,
    private readonly boot: string,
    private readonly info: RuntimeInfo,
    private readonly context: {
      /** The Node as the control plane last showed it; undefined when there is none, or nothing was heard yet. */
      readonly shown: () => KubeObject | undefined;
      /** Why the node takes no assignments; it is not ready then. */
      readonly refusal: () => string | undefined;
      readonly network: () => ShownNode['network'];
      readonly ipv6: () => ShownNode['ownIpv6'];
      readonly pressures: () => NonNullable<ShownNode['pressures']>;
    },
  ) {}

  async check(): Promise<void> {
    this.checkAgain = true;
    if (this.checking) return;
    this.checking = true;
    try {
      while (this.checkAgain) {
        this.checkAgain = false;
        await this.tellIfDifferent();
      }
    } catch (error) {
      this.options.log?.(`telling the node's state: ${error instanceof Error ? error.message : String(error)}`);
    } finally {
      this.checking = false;
    }
  }

  private async tellIfDifferent(): Promise<void> {
    const { runtime, node, clock, bus } = this.options;
    const { shown: show, ...context } = this.context;
    if (!show()) return;
    const images = await runtime.images();
    const said = {
      refusal: context.refusal(),
      network: context.network(),
      ownIpv6: context.ipv6(),
      pressures: context.pressures(),
    };
    const status = nodeStatus({ ...node, ...said }, this.info, images, clock.now());
    const shown = show();
    if (!shown || saysSame(shown['status'] as JsonObject | undefined, status)) return;
    const report: NodeReport = { boot: this.boot, sequence: ++this.sequence, status };
    const answer = await bus.request(subjects.report(node.name, 'node'), encodeMessage(report), REQUEST_MS);
    const { taken, reason } = decodeMessage(answer) as unknown as ReportAnswer;
    if (!taken) throw new Error(reason ?? 'refused');
  }
}
