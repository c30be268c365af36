import type { MetricAnswer, MetricQuestion } from '#model';

/** The load of pods and of what else is measured, as it is known now. */
export interface Measurements {
  /** Answers at once, out of what was measured already; undefined where nobody measures what is asked about. */
  answer(question: MetricQuestion): MetricAnswer | undefined;
}
