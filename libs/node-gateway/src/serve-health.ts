import { decodeMessage, encodeMessage, nodeOfSubject, subjects } from '#engine';
import type {
  Heartbeat,
  IncidentReport,
  NodeReport,
  PodReport,
  RegisterRequest,
  SyncRequest,
  TokenForPod,
  UnloggedQuestion,
} from '#model';
import type { Bus } from '#ports';
import { withNodeBudgets } from './budgeted-bus.js';
import type { Health } from './health.js';
import type { PublishChange } from './numbered-changes.js';

/** Answers the agents, and who asks for node leases, on the bus out of a {@link Health}. The result ends it. */
export function serveHealth(unbudgeted: Bus, health: Health): () => void {
  const bus = withNodeBudgets(unbudgeted, health.clock);
  const answers: { readonly [what: string]: (node: string, message: unknown) => Promise<unknown> } = {
    register: (node, message) => health.register(node, message as RegisterRequest),
    sync: (node, message) => health.sync({ ...(message as SyncRequest), node }),
    pod: (node, message) => health.podReport(node, message as PodReport),
    node: (node, message) => health.nodeReport(node, message as NodeReport),
    incident: (node, message) => health.incident(node, message as IncidentReport),
    token: (node, message) => health.token(node, message as TokenForPod),
  };
  const subscriptions = Object.entries(answers).map(([what, answer]) =>
    bus.subscribe(subjects.reports(what), async (data, subject) =>
      encodeMessage(await answer(nodeOfSubject(subject), decodeMessage(data))),
    ),
  );
  subscriptions.push(
    bus.subscribe(subjects.heartbeats, (data, subject) => {
      health.heartbeat({ ...(decodeMessage(data) as unknown as Heartbeat), node: nodeOfSubject(subject) });
      return Promise.resolve(encodeMessage({}));
    }),
  );
  subscriptions.push(
    bus.subscribe(subjects.query('health', 'leases'), async (data) =>
      encodeMessage(await health.leases(decodeMessage(data) as unknown as UnloggedQuestion)),
    ),
  );
  return () => {
    for (const subscription of subscriptions) subscription.unsubscribe();
  };
}

/** Publishes changes of assignments: of one node's, or of what all nodes need alike. */
export function publishChanges(bus: Bus): PublishChange {
  return (node, change) =>
    bus.publish(node === undefined ? subjects.allNodes : subjects.node(node, 'change'), encodeMessage(change));
}
