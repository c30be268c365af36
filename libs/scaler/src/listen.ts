import { decodeMessage, encodeMessage, nodeOfSubject, subjects } from '#engine';
import type { NodeMetricsQuestion, PodMetricsQuestion, UsageHistoryQuestion } from '#model';
import type { Bus } from '#ports';
import type { Scaler } from './scaler.js';

/** Hands frames of agents to a {@link Scaler}. The node is the one in the subject: an agent can publish under no other name. */
export function listenToMeasurements(bus: Bus, scaler: Scaler): () => void {
  const subscription = bus.subscribe(subjects.allMeasurements, (data, subject) =>
    scaler.take(nodeOfSubject(subject), data),
  );
  return () => subscription.unsubscribe();
}

/** All that the scaler app does on the bus, where Nest does not answer questions: in simulation and in tests. */
export function serveScaler(bus: Bus, scaler: Scaler): () => void {
  const answers: { readonly [what: string]: (question: unknown) => unknown } = {
    pods: (question) => scaler.pods(question as PodMetricsQuestion),
    nodes: (question) => scaler.nodes(question as NodeMetricsQuestion),
    history: (question) => scaler.history(question as UsageHistoryQuestion),
  };
  const subscriptions = Object.entries(answers).map(([what, answer]) =>
    bus.subscribe(subjects.query('scaler', what), (data) => encodeMessage(answer(decodeMessage(data)))),
  );
  const unsubscribe = listenToMeasurements(bus, scaler);
  return () => {
    unsubscribe();
    for (const subscription of subscriptions) subscription.unsubscribe();
  };
}
