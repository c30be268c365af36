import type { OnApplicationBootstrap } from '@nestjs/common';
import type { Loop } from '#model';
import type { Platform } from './platform.js';

/** Runs loops in this process once everything is wired. They stop with the platform's plane. */
export abstract class LoopsHost implements OnApplicationBootstrap {
  protected constructor(
    private readonly platform: Platform,
    private readonly loops: readonly Loop[],
  ) {}

  onApplicationBootstrap(): void {
    const { plane, commands } = this.platform;
    plane.run(this.loops, commands, () => this.platform.outside());
  }
}
