import { Injectable } from '@nestjs/common';
import { NoMeasurements } from '#adapters';
import { autoscalingLoops, nodeLoops } from '#loops';
import type { OutsideFacts } from '#model';
import { LoopsHost, Platform } from '#nest';
import { measured } from '#scaler';

/** The node loops of a cluster whose nodes are only objects: without the health app they run beside the controllers. */
@Injectable()
export class NodeLoops extends LoopsHost {
  constructor(platform: Platform) {
    super(platform, nodeLoops, 'health');
  }
}

/** The autoscaling of a cluster in which nothing is measured: without the scaler it runs beside the controllers. */
@Injectable()
export class UnmeasuredLoops extends LoopsHost {
  constructor(platform: Platform) {
    super(platform, autoscalingLoops, 'scaler');
  }

  protected override facts(): OutsideFacts {
    return measured(new NoMeasurements());
  }
}
