import type { OnApplicationBootstrap } from '@nestjs/common';
import type { Loop, OutsideFacts } from '#model';
import type { BusClient, Platform } from './platform.js';

/** Runs loops in this process once everything is wired. They stop with the platform's plane. */
export abstract class LoopsHost implements OnApplicationBootstrap {
  protected constructor(
    protected readonly platform: Platform,
    private readonly loops: readonly Loop[],
    /** The client of the bus that they are. */
    private readonly client: BusClient,
    /** What these loops are told beside what the platform knows. */
    private readonly facts: OutsideFacts = {},
  ) {}

  onApplicationBootstrap(): void {
    const { plane } = this.platform;
    plane.run(this.loops, this.platform.commandsOf(this.client), () => ({ ...this.platform.outside(), ...this.facts }));
  }
}
