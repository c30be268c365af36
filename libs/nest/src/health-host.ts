import { Injectable, type BeforeApplicationShutdown } from '@nestjs/common';
import { NodeRevoked, type NodeAdmission } from '#adapters';
import { agentPermissions, nodeOfSubject } from '#engine';
import { Health, publishChanges } from '#node-gateway';
import { DEFAULT_ISSUER, issueToken } from '#http';
import { nodeLoops } from '#loops';
import { LoopsHost } from './loops-host.js';
import { explain, say } from './console.js';
import { Platform } from './platform.js';

export interface RenewedCredential {
  readonly jwt: string;
  readonly ca: string;
}

/** The agents' counterpart and the loops that live on what it hears. */
@Injectable()
export class HealthHost extends LoopsHost implements BeforeApplicationShutdown {
  readonly health: Health;
  private readonly admission: NodeAdmission;

  constructor(platform: Platform) {
    super(platform, nodeLoops, 'health');
    this.admission = platform.admission;
    const { plane, heartbeats, bus } = platform;
    const { clock, ids } = plane.options;
    this.health = new Health({
      reads: plane.reads,
      commands: platform.commandsOf('health'),
      heartbeats,
      clock,
      ids,
      publish: publishChanges(bus),
      podCidr: platform.settings.podCidr,
      onFault: (what, cause) => say(`health: ${what} failed: ${explain(cause)}`),
      signToken: async (wish) => {
        const given = { issuer: DEFAULT_ISSUER, now: clock.now(), id: ids.uid() };
        const issued = await issueToken(platform.keys, wish, given);
        return { token: issued.token, expires: new Date(issued.expires).toISOString() };
      },
    });
  }

  /** The node that a subject names. Rejects what a revoked one sends, which the bus may not know yet. */
  reporter(subject: string): string {
    const node = nodeOfSubject(subject);
    if (this.admission.isRevoked(node)) throw new NodeRevoked(node);
    return node;
  }

  /** A new credential for the agent of a node, of the key that it made, and the CAs by which it knows the bus from now on. */
  async renew(node: string, publicKey: string): Promise<RenewedCredential> {
    this.health.hear(node);
    const { jwt } = await this.admission.issue(node, agentPermissions(node), publicKey);
    return { jwt, ca: this.platform.caCertificate };
  }

  beforeApplicationShutdown(): void {
    this.health.stop();
  }
}
