import { Injectable, type BeforeApplicationShutdown } from '@nestjs/common';
import type { LoopRunner } from '#engine';
import { scalerLoops } from '#loops';
import type { OutsideFacts } from '#model';
import { listenToMeasurements, measured, Scaler } from '#scaler';
import { explain, say } from '#terminal';
import { LoopsHost } from './loops-host.js';
import { Platform } from './platform.js';

/** Keeps what agents measure, and runs the loops that decide on it. */
@Injectable()
export class ScalerHost extends LoopsHost implements BeforeApplicationShutdown {
  readonly scaler: Scaler;
  private readonly unsubscribe: () => void;

  constructor(platform: Platform) {
    super(platform, scalerLoops, 'scaler');
    const { plane, bus } = platform;
    this.scaler = new Scaler({
      ...{ reads: plane.reads, bus, clock: plane.options.clock },
      onFault: (what, cause) => say(`scaler: ${what}: ${explain(cause)}`),
    });
    this.unsubscribe = listenToMeasurements(bus, this.scaler);
  }

  protected override facts(key: string): OutsideFacts {
    return measured(this.scaler.measurementsFor(key));
  }
  protected override started([autoscaling]: readonly LoopRunner[]): void {
    if (autoscaling) this.scaler.wake(autoscaling);
  }

  beforeApplicationShutdown(): void {
    this.unsubscribe();
    this.scaler.stop();
  }
}
