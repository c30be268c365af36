import type { MetricAnswer } from '#model';
import type { Measurements } from '#ports';

/** Of a cluster in which nothing is measured. Autoscalers say so, and keep the bounds all the same. */
export class NoMeasurements implements Measurements {
  answer(): MetricAnswer | undefined {
    return undefined;
  }
}
