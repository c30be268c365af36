import { Injectable, type BeforeApplicationShutdown } from '@nestjs/common';
import { busKeyOf, NodeRevoked, writeJoinTokens, type NodeAdmission } from '#adapters';
import { agentPermissions, nodeOfSubject, tokenOfSubject } from '#engine';
import { bootstrapToken, bootstrapTokens, isBootstrapToken, NODE_BUS_SIGNER, readSignedRequest } from '#kinds';
import type { JoinAnswer, JoinRequest } from '#model';
import { Health, Joining, publishChanges } from '#node-gateway';
import { DEFAULT_ISSUER, issueToken } from '#http';
import { nodeLoops } from '#loops';
import { explain, say } from '#terminal';
import { LoopsHost } from './loops-host.js';
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
  private readonly joining: Joining;
  private readonly stopFollowing: () => void;

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
      podCidrIpv6: platform.settings.podCidrIpv6,
      loadBalancerPool: platform.settings.loadBalancerPool,
      onFault: (what, cause) => say(`health: ${what} failed: ${explain(cause)}`),
      signToken: async (wish) => {
        const given = { issuer: DEFAULT_ISSUER, now: clock.now(), id: ids.uid() };
        const issued = await issueToken(platform.keys, wish, given);
        return { token: issued.token, expires: new Date(issued.expires).toISOString() };
      },
    });
    this.joining = this.createJoining();
    this.stopFollowing = this.followTokens();
  }

  /** A machine asks to be a node; the bus has proven its token. */
  join(subject: string, request: JoinRequest): Promise<JoinAnswer> {
    return this.joining.join(tokenOfSubject(subject), request);
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
    this.stopFollowing();
    this.health.stop();
  }

  private createJoining(): Joining {
    const { plane } = this.platform;
    return new Joining({
      ...{ reads: plane.reads, clock: plane.options.clock, ids: plane.options.ids, admission: this.admission },
      commands: this.platform.commandsOf('health'),
      token: (id) => bootstrapToken(plane.reads.projection, id),
      signerName: NODE_BUS_SIGNER,
      ca: () => this.platform.caCertificate,
      readRequest: (text) => {
        const read = readSignedRequest(text);
        const publicKey = 'problem' in read ? undefined : busKeyOf(read.publicKey);
        return 'problem' in read || publicKey === undefined ? undefined : { commonName: read.commonName, publicKey };
      },
    });
  }

  /** Opens the bus for those who hold a token, and closes it with the token. */
  private followTokens(): () => void {
    const { reads } = this.platform.plane;
    const write = (): void => {
      try {
        writeJoinTokens(this.platform.keys.store, bootstrapTokens(reads.projection));
      } catch (cause) {
        say(`health: the bus was not told of a token: ${explain(cause)}`);
      }
    };
    write();
    return reads.onChanges((changes) => {
      const isOne = changes.some(({ kind, before, after }) => {
        const { namespace, name } = (after ?? before)?.metadata ?? {};
        return name !== undefined && isBootstrapToken(kind, namespace, name);
      });
      if (isOne) write();
    });
  }
}
