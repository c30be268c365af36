import { Injectable } from '@nestjs/common';
import { NoMeasurements } from '#adapters';
import { nodeLoops, scalerLoops } from '#loops';
import type { OutsideFacts } from '#model';
import { LoopsHost, measured, Platform } from '#nest';

/** The node loops of a cluster whose nodes are only objects: without the health app they run beside the controllers. */
@Injectable()
export class NodeLoops extends LoopsHost {
  constructor(platform: Platform) {
    super(platform, nodeLoops, 'health');
  }
}

/** The loops of the scaler of a cluster in which nothing is measured: without it they run beside the controllers. */
@Injectable()
export class UnmeasuredLoops extends LoopsHost {
  constructor(platform: Platform) {
    super(platform, scalerLoops, 'scaler');
  }

  protected override facts(): OutsideFacts {
    return measured(new NoMeasurements());
  }
}
