import type { OnApplicationBootstrap } from '@nestjs/common';
import type { LoopRunner } from '#engine';
import type { Loop, OutsideFacts } from '#model';
import type { BusClient, Platform } from './platform.js';

/** Runs loops in this process once everything is wired. They stop with the platform's plane. */
export abstract class LoopsHost implements OnApplicationBootstrap {
  protected constructor(
    protected readonly platform: Platform,
    private readonly loops: readonly Loop[],
    /** The client of the bus that they are. */
    private readonly client: BusClient,
  ) {}

  onApplicationBootstrap(): void {
    const { plane } = this.platform;
    const outside = (key: string): OutsideFacts => ({ ...this.platform.outside(), ...this.facts(key) });
    this.started(plane.run(this.loops, this.platform.commandsOf(this.client), outside));
  }

  /** What these loops are told about a key beside what the platform knows. */
  protected facts(_key: string): OutsideFacts {
    return {};
  }
  /** Called once the loops run. */
  protected started(_runners: readonly LoopRunner[]): void {}
}
