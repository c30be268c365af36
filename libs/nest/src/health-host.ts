import { Injectable, type BeforeApplicationShutdown } from '@nestjs/common';
import { Health, publishChanges } from '#engine';
import { DEFAULT_ISSUER, issueToken } from '#http';
import { nodeLoops } from '#loops';
import { LoopsHost } from './loops-host.js';
import { explain, say } from './console.js';
import { Platform } from './platform.js';

/** The agents' counterpart and the loops that live on what it hears. */
@Injectable()
export class HealthHost extends LoopsHost implements BeforeApplicationShutdown {
  readonly health: Health;

  constructor(platform: Platform) {
    super(platform, nodeLoops, 'health');
    const { plane, heartbeats, bus } = platform;
    const { clock, ids } = plane.options;
    this.health = new Health({
      reads: plane.reads,
      commands: platform.commandsOf('health'),
      heartbeats,
      clock,
      ids,
      publish: publishChanges(bus),
      onFault: (what, cause) => say(`health: ${what} failed: ${explain(cause)}`),
      signToken: async (wish) => {
        const given = { issuer: DEFAULT_ISSUER, now: clock.now(), id: ids.uid(), view: plane.reads.projection };
        const issued = await issueToken(platform.keys, wish, given);
        return { token: issued.token, expires: new Date(issued.expires).toISOString() };
      },
    });
  }

  beforeApplicationShutdown(): void {
    this.health.stop();
  }
}
